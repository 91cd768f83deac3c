// The form, made easier: questions appear when they are asked, files can be dropped, a second click does nothing.
// Without this file everything still works.
"use strict";

for (const form of document.querySelectorAll("[data-form]")) {
  const waiting = form.querySelectorAll("[data-when]");
  const show = () => {
    for (const part of waiting) {
      const chosen = Array.from(form.elements)
        .filter((control) => control.name === part.dataset.when && (control.checked || control.type === "select-one"))
        .map((control) => control.value);
      part.hidden = !part.dataset.is.split(" ").some((value) => chosen.includes(value)) && !part.querySelector(".is-invalid");
    }
  };
  form.addEventListener("change", show);
  window.addEventListener("pageshow", show);
  show();

  // One click is enough; the server would show the same receipt for a second one.
  let isSent = false;
  form.addEventListener("submit", (event) => {
    if (isSent) event.preventDefault();
    isSent = true;
  });
  window.addEventListener("pageshow", () => { isSent = false; });
}

for (const place of document.querySelectorAll("[data-drop]")) {
  const control = place.querySelector("input[type=file]");
  const over = (isOver) => (event) => {
    event.preventDefault();
    place.classList.toggle("over", isOver);
  };
  place.addEventListener("dragover", over(true));
  place.addEventListener("dragleave", over(false));
  place.addEventListener("drop", (event) => {
    over(false)(event);
    const files = new DataTransfer();
    for (const file of [...(control.multiple ? control.files : []), ...event.dataTransfer.files]) files.items.add(file);
    control.files = files.files;
    control.dispatchEvent(new Event("change", { bubbles: true }));
  });
}
