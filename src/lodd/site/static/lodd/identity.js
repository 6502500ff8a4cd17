// Groups an identity number 6 + 5 while it is typed, and leaves the caret between the same two digits.
// It checks nothing: the server says whether the number can be right. Text that is not a number is left alone.
"use strict";

const FIRST_GROUP = 6;

function grouped(digits) {
  return digits.length > FIRST_GROUP ? `${digits.slice(0, FIRST_GROUP)} ${digits.slice(FIRST_GROUP)}` : digits;
}

function caretAfter(digitsBefore, total, forwards) {
  const pastTheSpace = digitsBefore > FIRST_GROUP || (forwards && digitsBefore === FIRST_GROUP && total > FIRST_GROUP);
  return digitsBefore + (pastTheSpace ? 1 : 0);
}

document.addEventListener("input", (event) => {
  const field = event.target;
  if (!(field instanceof HTMLInputElement) || !("identity" in field.dataset) || event.isComposing) return;
  const compact = field.value.replace(/\s/g, "");
  if (!/^\d*$/.test(compact) || grouped(compact) === field.value) return;
  const before = field.value.slice(0, field.selectionStart).replace(/\s/g, "").length;
  const backwards = event.inputType === "deleteContentBackward";
  field.value = grouped(compact);
  const caret = caretAfter(before, compact.length, !backwards);
  field.setSelectionRange(caret, caret);
});
