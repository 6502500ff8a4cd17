-- The five outcomes of national_registers.trial() as an expert would write them for DuckDB, all at once: changes by day
-- for work of four hours, changes by month for the rest, cumulated, and the constant stretches expanded last. It trusts
-- the files (no dates are checked, nothing is counted) and leaves the rows unsorted. Filled in: {first} and {last} day,
-- {y}ear of the first, number of {months}, {out}put. Views and tables: employment, benefits, people (person_id, person).
COPY (
WITH
jobs AS (
  SELECT DISTINCT p.person, start_date, coalesce(stop_date, DATE '9999-12-31') AS stop_date, employer_id,
         round(hours_per_week * 10)::INTEGER AS tenths
  FROM employment JOIN people p USING (person_id)
),
jobspells AS (
  SELECT person, greatest(start_date, DATE '{first}') AS since, least(stop_date, DATE '{last}') AS until, tenths
  FROM jobs WHERE start_date <= stop_date AND start_date <= DATE '{last}' AND stop_date >= DATE '{first}'
),
spells AS (
  SELECT person, greatest(start_date, DATE '{first}') AS since, least(coalesce(stop_date, DATE '9999-12-31'), DATE '{last}') AS until, benefit
  FROM (SELECT DISTINCT p.person, start_date, stop_date, benefit FROM benefits JOIN people p USING (person_id)
        WHERE benefit IN ('AAP', 'UFORE'))
  WHERE start_date <= DATE '{last}' AND (stop_date IS NULL OR stop_date >= start_date) AND (stop_date IS NULL OR stop_date >= DATE '{first}')
),
days AS (
  SELECT person, day, sum(tenths) AS change FROM (
    SELECT person, since AS day, tenths FROM jobspells UNION ALL
    SELECT person, until + 1, -tenths FROM jobspells)
  GROUP BY person, day
),
totals AS (
  SELECT person, day AS since, sum(change) OVER w AS total, lead(day) OVER w AS next
  FROM days WINDOW w AS (PARTITION BY person ORDER BY day)
),
jobmonths AS (
  SELECT person, tenths, (year(since) - {y}) * 12 + month(since) - 1 + (day(since) > 16)::INT AS f,
         (year(until) - {y}) * 12 + month(until) - (day(until) < 16)::INT AS a
  FROM jobspells
),
changes AS (
  SELECT person, (year(since) - {y}) * 12 + month(since) - 1 AS m, 1 AS work, 0 AS hours, 0 AS aap, 0 AS ufore FROM totals WHERE total >= 40 AND next IS NOT NULL
  UNION ALL SELECT person, (year(next - 1) - {y}) * 12 + month(next - 1), -1, 0, 0, 0 FROM totals WHERE total >= 40 AND next IS NOT NULL
  UNION ALL SELECT person, f, 0, tenths, 0, 0 FROM jobmonths WHERE f < a
  UNION ALL SELECT person, a, 0, -tenths, 0, 0 FROM jobmonths WHERE f < a
  UNION ALL SELECT person, (year(since) - {y}) * 12 + month(since) - 1, 0, 0, (benefit = 'AAP')::INT, (benefit = 'UFORE')::INT FROM spells
  UNION ALL SELECT person, (year(until) - {y}) * 12 + month(until), 0, 0, -(benefit = 'AAP')::INT, -(benefit = 'UFORE')::INT FROM spells
  UNION ALL SELECT person, 0, 0, 0, 0, 0 FROM people
),
points AS (
  SELECT person, m, sum(work)::INT AS work, sum(hours)::INT AS hours, sum(aap)::INT AS aap, sum(ufore)::INT AS ufore
  FROM changes WHERE m < {months} GROUP BY person, m
),
segments AS (
  SELECT person, m, coalesce(lead(m) OVER w, {months}) AS next, (sum(work) OVER w)::INT > 0 AS work, (sum(hours) OVER w)::INT AS hours,
         (sum(aap) OVER w) > 0 AS aap, (sum(ufore) OVER w) > 0 AS ufore
  FROM points WINDOW w AS (PARTITION BY person ORDER BY m)
),
monthly AS (SELECT person, unnest(range(m, next)) AS m, work, hours, aap, ufore FROM segments)
SELECT p.person_id, (DATE '{first}' + to_months(m::INT))::DATE AS month, m::INT AS event_month, false AS dead, false AS abroad,
       work::UTINYINT AS in_work, hours::DOUBLE / 10 AS hours, aap::UTINYINT AS aap, ufore::UTINYINT AS disability,
       (work AND NOT aap AND NOT ufore)::UTINYINT AS work_without_benefit
FROM monthly JOIN people p USING (person)
) TO '{out}' (FORMAT parquet, COMPRESSION zstd)
