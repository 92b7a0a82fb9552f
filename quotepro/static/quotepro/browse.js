// The list goes on by itself: when its last line comes into sight, the line is replaced by the next rows.
// Without scripts the line is a link.
"use strict";

(() => {
  const body = document.querySelector("#quotes tbody");
  if (!body) return;
  const sight = new IntersectionObserver((seen) => seen.filter((each) => each.isIntersecting).forEach((each) => next(each.target)), {
    rootMargin: "600px",
  });
  const watch = () => body.querySelectorAll(".qp-more").forEach((line) => sight.observe(line));
  async function next(line) {
    sight.unobserve(line);
    const link = line.querySelector("a");
    try {
      const answer = await fetch(link.href, { credentials: "same-origin" });
      if (!answer.ok) throw new Error(String(answer.status));
      const rows = document.createElement("tbody");
      rows.innerHTML = await answer.text();
      line.replaceWith(...rows.children);
      watch();
    } catch (error) {
      link.textContent = "More rows could not be read. Try again.";
      link.addEventListener("click", (event) => { event.preventDefault(); next(line); }, { once: true });
    }
  }
  watch();
})();
