// A file of shifts is read into the text, where it can be looked at before it is sent.

for (const label of document.querySelectorAll("[data-file]")) {
  const field = label.querySelector("input");
  label.hidden = false;
  field.addEventListener("change", async () => {
    if (field.files.length) document.getElementById(field.dataset.into).value = await field.files[0].text();
  });
}
