// Keys of pages with one question each, and going on with what takes several requests. Keys are off while typing.
(() => {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input[type=text], input[type=search], textarea, select")) return;
    const key = event.key.toLowerCase();
    const button = document.querySelector(`button[data-key="${CSS.escape(key)}"]`) || (key === "n" ? document.getElementById("next") : null);
    if (button) { event.preventDefault(); button.click(); }
  });
  const rest = document.getElementById("go-on");
  if (rest) rest.requestSubmit();
})();
