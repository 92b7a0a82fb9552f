// Keeps a part of a page up to date without a reload; says so when it cannot.
(() => {
  const begin = () => {
  const part = document.getElementById("live");
  const state = document.getElementById("live-state");
  if (!part || !part.dataset.url) return;
  const every = Number(part.dataset.every) * 1000;
  let shown = "";
  let since = new Date();

  const refresh = async () => {
    if (document.hidden) return;
    // What somebody selects or types must not vanish under their hands.
    if (part.querySelector("input:focus, textarea:focus, select:focus, [open] :focus")) return;
    try {
      const answer = await fetch(part.dataset.url + location.search, { headers: { "X-Requested-With": "fetch" }, redirect: "manual" });
      if (!answer.ok) throw new Error(answer.type === "opaqueredirect" ? "You are signed out" : `The server answered ${answer.status}`);
      const text = await answer.text();
      if (text !== shown) {
        const focused = part.contains(document.activeElement) ? document.activeElement.id : "";
        part.innerHTML = text;
        shown = text;
        if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
      }
      since = new Date();
      state.textContent = "";
      part.classList.remove("qp-stale");
    } catch (error) {
      part.classList.add("qp-stale");
      state.textContent = `${error.message}: this is how it stood at ${since.toISOString().slice(11, 19)} UTC.`;
    }
  };
  setInterval(refresh, every);
  document.addEventListener("visibilitychange", refresh);
  };
  // In the admin's own pages it is loaded before there is a body.
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
  else begin();
})();
