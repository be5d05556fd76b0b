// Fields with data-max-bytes: too much is said at once, before it is sent.
"use strict";
for (const field of document.querySelectorAll("[data-max-bytes]")) {
  field.addEventListener("input", () => {
    const most = Number(field.dataset.maxBytes);
    const size = field.files ? Array.from(field.files).reduce((sum, file) => sum + file.size, 0)
      : new Blob([field.value]).size;
    const words = `This has ${(size / 1048576).toFixed(1)} MB; at most ${(most / 1048576).toFixed(0)} MB are taken.`;
    field.setCustomValidity(size > most ? words : "");
  });
}
