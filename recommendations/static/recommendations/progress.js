/* Asks the server every two seconds how far the run is, shows it, and loads the whole page anew at its end. */
"use strict";

(function () {
  const EVERY = 2000;
  const GIVE_UP_AFTER = 30;  // failed questions in a row
  const section = document.querySelector("[data-progress]");
  if (!section) return;
  const bar = section.querySelector("progress");
  const badge = section.querySelector("[data-show=label]");
  let failures = 0;
  let hasCurve = document.getElementById("chart-learning") !== null;

  function show(name, text) {
    section.querySelectorAll("[data-show=" + name + "]").forEach(function (element) {
      if (element.textContent !== text) element.textContent = text;
    });
  }

  function update(news) {
    ["label", "stage", "trial", "advice", "steps"].forEach((name) => show(name, news[name]));
    ["elapsed", "left", "device", "worker"].forEach((name) => show(name, news[name] || "–"));
    badge.className = "run-state run-" + news.code;
    if (news.percent === null) bar.removeAttribute("value");
    else bar.value = news.percent;
    if (!news.learning) return;
    if (hasCurve) document.dispatchEvent(new CustomEvent("concierge:learning", { detail: news.learning }));
    else location.reload();  // the first point: the page with its chart is the server's to make
  }

  async function ask() {
    try {
      const answer = await fetch(section.dataset.progress, { headers: { Accept: "application/json" }, redirect: "error" });
      if (!answer.ok) throw new Error(answer.status);
      const news = await answer.json();
      failures = 0;
      if (!news.live) {
        location.reload();
        return;
      }
      update(news);
    } catch (error) {
      failures += 1;
      if (failures === 3) show("advice", section.dataset.lost);
      if (failures >= GIVE_UP_AFTER) return;
    }
    setTimeout(ask, EVERY);
  }

  setTimeout(ask, EVERY);
})();
