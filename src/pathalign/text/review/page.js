"use strict";
(() => {
  const cases = [...document.querySelectorAll("details.case")];
  const words = document.getElementById("words");
  const troubled = document.getElementById("troubled");
  const count = document.getElementById("count");
  const texts = cases.map((one) => one.textContent.toLowerCase());
  const filter = () => {
    const wanted = words.value.trim().toLowerCase();
    let shown = 0;
    cases.forEach((one, at) => {
      const row = document.getElementById("row-" + one.id);
      const visible = texts[at].includes(wanted) && (!troubled.checked || one.dataset.problems !== "0");
      one.hidden = !visible;
      row.hidden = !visible;
      shown += visible ? 1 : 0;
    });
    count.textContent = shown + " of " + cases.length + " reports";
  };
  const open = () => {
    const target = document.getElementById(location.hash.slice(1));
    const holder = target && target.closest("details.case");
    if (!holder || (holder.open && target !== holder)) return; // the browser scrolls, and finds its way back
    const wasOpen = holder.open;
    holder.open = true;
    if (!wasOpen) target.scrollIntoView();
    if (target === holder) target.querySelector("summary").focus({ preventScroll: true });
  };
  let closed = []; // for browsers in which no style opens what is closed
  const openAll = () => {
    closed = [...document.querySelectorAll("details:not([open])")];
    for (const one of closed) one.open = true;
  };
  const closeAgain = () => {
    for (const one of closed) one.open = false;
  };
  window.addEventListener("beforeprint", openAll);
  window.addEventListener("afterprint", closeAgain);
  document.getElementById("filter").addEventListener("submit", (event) => event.preventDefault());
  words.addEventListener("input", filter);
  troubled.addEventListener("change", filter);
  window.addEventListener("hashchange", open);
  document.getElementById("filter").hidden = false;
  filter();
  open();
})();
