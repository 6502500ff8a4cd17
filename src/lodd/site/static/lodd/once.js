// A button marked data-once is pressed once: its form cannot be sent again until the page is shown anew (also by Back).
// Comfort only: the server answers a repeated draw with the first result.
"use strict";

function release() {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  for (const button of document.querySelectorAll("button[data-once]")) button.disabled = false;
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  const buttons = form.querySelectorAll("button[data-once]");
  if (buttons.length === 0 || event.defaultPrevented) return;
  if ("sent" in form.dataset) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "";
  // Afterwards, so that the pressed button's own name and value are sent with the form.
  setTimeout(() => buttons.forEach((button) => { button.disabled = true; }), 0);
});

window.addEventListener("pageshow", release);
