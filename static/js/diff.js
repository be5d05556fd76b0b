// data-fold: buttons that open or close all files of a comparison.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-fold]");
  if (!button) return;
  for (const file of document.querySelectorAll("details.file-diff")) file.open = button.dataset.fold === "open";
});
