"""The lives of people, month by month, in every arm that they could have been drawn to.

A :class:`History` is lazy: it makes a state when it is first asked for, from the random stream of that state's own
theme, so that asking for less, or in another order, gives the same lives. All arms share the random numbers; they
differ by the declared effects and by what happens in programmes, and by nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from lodd.errors import Problem, ProtocolError
from lodd.locale import Text
from lodd.protocol.model import Trial
from lodd.simulate.calendar import Calendar
from lodd.simulate.exits import Exits, exits_after_draw
from lodd.simulate.people import People
from lodd.simulate.processes import Matrix, State, Streams, normals, path, shift, slow_noise, threshold
from lodd.simulate.settings import Effect, Points, Process, SimulationSettings
from lodd.simulate.take_up import Attendance, attend

EffectChoice = Literal["declared", "none"]
Made = TypeVar("Made")
_QUICK = 0.4
"""Of effects: the quick root of who they fall on."""


@dataclass(slots=True)
class History:
    """Everybody's potential histories. States are (n, calendar months), False where a person is dead or abroad."""

    trial: Trial
    settings: SimulationSettings
    streams: Streams
    people: People
    calendar: Calendar
    effect: EffectChoice = "declared"
    _made: dict[tuple[Any, ...], Any] = field(default_factory=dict)

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.people.participants), self.calendar.months

    @property
    def event_months(self) -> NDArray[np.int64]:
        """(n, months) event month of each calendar month."""
        return self.once(("event_months",), lambda: self.calendar.event_months(self.people.participants.draw_month))

    @property
    def exits(self) -> Exits:
        drawn = self.people.participants.frame["drawn_at"].to_physical().cast(int).to_numpy()
        return self.once(
            ("exits",), lambda: exits_after_draw(self.settings.exits, drawn, self.calendar, self.streams["exits"])
        )

    @property
    def present(self) -> State:
        """Alive and in the country on the first day of the month: in other months nothing is registered."""
        return self.once(("present",), lambda: self.exits.present(self.calendar))

    def work(self, arm: str) -> State:
        """In work, by the rule of at least four hours on some day of the month."""
        return self.once(("work", arm), lambda: self._with_effects("work", arm, self._work))

    def benefit(self, code: str, arm: str) -> State:
        return self.once(("benefit", code, arm), lambda: self._with_effects(code, arm, lambda: self._benefit(code)))

    def measures(self, code: str, arm: str) -> State:
        """In a programme that is not an arm's own, such as work practice. Arms share the latent values."""
        process = self.settings.measures[code]
        points = process.level.get(arm) or process.level[self.trial.reference]
        latent = self.once(("measures", code), lambda: self._latent(process, f"measures.{code}"))
        return np.asarray((latent > threshold(points, self.event_months)) & self.present)

    def education(self) -> State:
        process = self.settings.education
        return self.once(("education",), lambda: self._in_state(process, "education", process.level))

    def attendance(self, arm: str) -> Attendance:
        """Who would start which arm's programme if drawn to ``arm``, and when."""
        return self.once(
            ("attendance", arm), lambda: attend(self.settings, self.trial, self.people, arm, self.streams["take_up"])
        )

    def in_own_programme(self, arm: str) -> State:
        """In the drawn arm's programme on some day of the month."""
        attendance = self.attendance(arm)
        own = attendance.arm == self.trial.arm_ids.index(arm)
        first, last = (self.calendar.position(days)[:, None] for days in (attendance.start, attendance.stop))
        months = np.arange(self.calendar.months)
        return np.asarray(own[:, None] & (months >= first) & (months <= last) & self.present)

    def _work(self) -> State:
        return self.once(("work",), lambda: self._in_state(self.settings.work, "work", self.settings.work.level))

    def _benefit(self, code: str) -> State:
        """As it would be in the reference arm."""
        return self.once(("benefit", code), lambda: self._paid(code))

    def _paid(self, code: str) -> State:
        benefit = self.settings.benefits[code]
        state = self._in_state(benefit, f"benefit.{code}", benefit.level)
        if benefit.among != "everybody":
            state &= self._work() if benefit.among == "in work" else ~self._work()
        for other, settings in self.settings.benefits.items():
            if code in settings.replaces:
                state &= ~self._benefit(other)
        return state

    def _in_state(self, process: Process, theme: str, points: Points) -> State:
        return (self._latent(process, theme) > threshold(points, self.event_months)) & self.present

    def _latent(self, process: Process, theme: str) -> Matrix:
        """(n, months) standard normal: the parts of :class:`Process`."""
        rng, (people, months) = self.streams[theme], self.shape
        shares = np.sqrt([process.by_facts, process.by_office, process.by_person])
        rest = max(0.0, 1 - process.by_facts - process.by_office - process.by_person)
        own, office = normals(rng, people), normals(rng, int(self.people.office.max(initial=0)) + 1)
        person = process.with_work * self._work_person() + np.sqrt(1 - process.with_work**2) * own
        sign = np.sign(process.with_work) or 1.0
        constant = shares[0] * sign * self.people.score + shares[1] * office[self.people.office] + shares[2] * person
        latent = np.broadcast_to(constant.astype(np.float32)[:, None], (people, months))
        if rest > 1e-9:
            noise = slow_noise(rng, people, months, process.slow, process.quick)
            return np.asarray(latent + np.float32(np.sqrt(rest)) * noise)
        return latent

    def _work_person(self) -> Matrix:
        """(n,) the part of people's attachment to work that stays with them; every process may correlate with it."""
        return self.once(("work_person",), lambda: normals(self.streams["work.person"], self.shape[0]))

    def _with_effects(self, state: str, arm: str, reference: Callable[[], State]) -> State:
        history = reference()
        if self.effect == "none":
            return history
        for index, effect in enumerate(self.settings.effects):
            if effect.state == state and effect.arm == arm:
                history = self._affected(history, effect, index)
        return history

    def _affected(self, history: State, effect: Effect, index: int) -> State:
        """The history after one effect: gathered by event month, shifted, and put back."""
        months = np.arange(effect.points[0][0], effect.points[-1][0] + 1)
        points = path(effect.points, months, outside=0.0)
        column = self.people.participants.draw_month[:, None] + months - self.calendar.first
        covered = (column >= 0) & (column < self.calendar.months)
        place = (np.arange(self.shape[0])[:, None], np.clip(column, 0, self.calendar.months - 1))
        observed = covered & self.present[place]
        eligible = observed & self._eligible(effect)[place]
        rng = self.streams[f"effect.{index}.{effect.state}"]
        latent = slow_noise(rng, self.shape[0], len(months), effect.slow, _QUICK)
        try:
            shifted = shift(history[place], eligible, observed, points, latent)
        except ValueError as error:
            raise ProtocolError(_too_large(index, int(months[int(str(error).partition(":")[2])]))) from None
        affected = history.copy()
        affected[place[0].repeat(len(months), axis=1)[covered], column[covered]] = shifted[covered]
        return affected

    def _eligible(self, effect: Effect) -> State:
        eligible = self.present
        for condition in effect.only_while:
            own = condition == "programme"
            eligible = eligible & (self.in_own_programme(effect.arm) if own else self.benefit(condition, effect.arm))
        return eligible

    def once(self, key: tuple[Any, ...], make: Callable[[], Made]) -> Made:
        if key not in self._made:
            self._made[key] = make()
        made: Made = self._made[key]
        return made


def _too_large(index: int, month: int) -> Problem:
    return Problem(
        Text(
            nb=f"effekten i måned {month} er større enn de som kan få den, kan bære",
            en=f"the effect in month {month} is larger than those who can have it can carry",
        ),
        f"simulation.toml effects[{index}].points",
        next_step=Text(
            nb="Gjør effekten mindre, eller la den gjelde flere (only_while).",
            en="Make it smaller, or let it fall on more people (only_while).",
        ),
    )
