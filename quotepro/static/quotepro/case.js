// Keys of the queue; keys and the live preview of one case. Keys are off while somebody types.
(() => {
  const isTyping = (target) => target.closest("input[type=text], input[type=search], textarea, select");
  const start = document.getElementById("start");
  if (start) {
    document.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      if (event.key.toLowerCase() === "n") { event.preventDefault(); start.click(); }
    });
  }
  const page = document.getElementById("case");
  if (!page) return;
  const form = document.getElementById("decide");
  const records = [...page.querySelectorAll(".qp-record")];
  const selects = [...page.querySelectorAll(".qp-group")];
  let waiting = null;

  // An answer whose consequence is not known cannot be given: the page says why.
  const lose = (words) => {
    const note = document.getElementById("lost");
    note.textContent = words;
    note.hidden = false;
    document.getElementById("preview").replaceChildren();
    delete document.getElementById("submit").dataset.decided;
  };

  const preview = async () => {
    if (waiting) waiting.abort();
    waiting = new AbortController();
    const submit = document.getElementById("submit");
    submit.dataset.waiting = "yes";
    // Whoever changes the answer has not decided on what was there before.
    delete submit.dataset.decided;
    try {
      const answer = await fetch(page.dataset.preview, { method: "POST", body: new FormData(form), signal: waiting.signal });
      // Whoever was signed out is led to the page of passwords: that is no preview, and nothing is decided unseen.
      if (answer.redirected) { lose("You were signed out; nothing was decided. Load the page again to sign in and go on here."); return; }
      if (!answer.ok) { lose("What this would do could not be worked out; nothing was decided. Load the page again."); return; }
      document.getElementById("preview").innerHTML = await answer.text();
      document.getElementById("lost").hidden = true;
      delete submit.dataset.waiting;
      if (submit.dataset.decided) form.requestSubmit(submit);
    } catch (error) {
      if (error.name !== "AbortError") lose("The server cannot be reached; nothing was decided. Choose again in a moment.");
    }
  };

  const all = (verdict) => {
    selects.forEach((select, place) => { select.value = String(verdict === "same" ? 1 : place + 1); });
    const radio = form.querySelector(`input[name=between][value=${verdict}]`);
    if (radio) radio.checked = true;
    return preview();
  };

  const agree = () => {
    const isOne = selects.every((select) => select.value === selects[0].value);
    const said = form.querySelector("input[name=between]:checked").value;
    const wanted = isOne ? "same" : said === "same" ? "different" : said;
    form.querySelector(`input[name=between][value=${wanted}]`).checked = true;
  };

  const mark = (step) => {
    const now = records.indexOf(document.activeElement);
    const next = records[(now + step + records.length) % records.length];
    if (next) next.focus();
  };

  if (form) {
    form.addEventListener("change", (event) => {
      const box = event.target;
      if (box.classList.contains("qp-use") && box.checked) {
        // One choice for each group and field.
        const groupOf = (id) => form.querySelector(`[name="group-${id}"]`).value;
        form.querySelectorAll(`input[name="${box.name}"]`).forEach((other) => {
          if (other !== box && groupOf(other.value) === groupOf(box.value)) other.checked = false;
        });
      }
      const isOne = selects.every((select) => select.value === selects[0].value);
      const said = form.querySelector("input[name=between]:checked").value;
      if (box.name === "between" && (isOne || said === "same")) { all(said); return; }
      // What is marked always agrees with the groups.
      if (box.classList.contains("qp-group")) agree();
      if (box.name !== "why" && box.name !== "overrules") preview();
    });
    // A decision made before its preview is there waits for it; going on to the next case need not.
    form.addEventListener("submit", (event) => {
      const submit = document.getElementById("submit");
      if (event.submitter !== submit || !submit.dataset.waiting) return;
      event.preventDefault();
      submit.dataset.decided = "yes";
    });
    // Whoever has the case open holds it, as long as they look; the second is told who was first.
    const claim = async () => {
      if (document.hidden) return;
      const body = new FormData();
      body.append("csrfmiddlewaretoken", form.querySelector("[name=csrfmiddlewaretoken]").value);
      const answer = await fetch(page.dataset.claim, { method: "POST", body }).catch(() => null);
      if (!answer || !answer.ok) return;
      const { held, words } = await answer.json();
      const note = document.getElementById("claimed");
      note.hidden = held;
      if (!held) note.querySelector("span").textContent = `${words}.`;
      document.getElementById("submit").disabled = !held;
    };
    claim();
    document.addEventListener("visibilitychange", claim);
    window.setInterval(claim, 120_000);
  }

  const verdicts = { s: "same", d: "different", h: "household", w: "works_for", b: "branch_of" };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (isTyping(event.target)) return;
    const key = event.key.toLowerCase();
    const click = (id) => { const button = document.getElementById(id); if (button) { event.preventDefault(); button.click(); } };
    if (key === "n") click("next");
    else if (key === "?") { event.preventDefault(); document.getElementById("keys").scrollIntoView(); }
    else if (key === "u") { if (document.getElementById("undo")) click("undo"); else if (page.dataset.last) window.location = page.dataset.last; }
    else if (!form) return;
    else if (verdicts[key]) { event.preventDefault(); all(verdicts[key]); }
    else if (key === "arrowright" || key === "arrowleft") { event.preventDefault(); mark(key === "arrowright" ? 1 : -1); }
    else if (/^[1-9]$/.test(key)) {
      const record = document.activeElement.closest(".qp-record");
      if (record && Number(key) <= selects.length) { event.preventDefault(); record.querySelector("select").value = key; agree(); preview(); }
    } else if (event.key === "Enter" && !event.target.closest("a, button")) click("submit");
  });
})();
