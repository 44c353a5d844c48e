// The terminal has the keys from the start, and again whenever the page is looked at.
"use strict";

function give_keys_to_the_terminal() {
  const keys = document.querySelector(".xterm-helper-textarea");
  if (keys && !document.body.classList.contains("-closed")) keys.focus();
}

window.addEventListener("load", () => {
  document.getElementById("again").addEventListener("click", () => window.location.reload());
  give_keys_to_the_terminal();
});
window.addEventListener("focus", give_keys_to_the_terminal);
