// data-autosubmit: a form that is sent when a box or a list in it changes; its own button then needs no room.
(() => {
  const forms = "form[data-autosubmit]";
  for (const button of document.querySelectorAll(`${forms} [data-autosubmit-button]`)) button.hidden = true;
  document.addEventListener("change", (event) => {
    const form = event.target.form;
    if (form?.matches(forms) && event.target.matches("select, [type=checkbox], [type=radio]")) form.requestSubmit();
  });
})();
