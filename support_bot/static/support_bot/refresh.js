/* Keeps parts of a page fresh: <… data-refresh="URL" data-every="5"> takes over what URL answers, rendered by
   the server. With data-until="SELECTOR" the page loads anew once the answer no longer holds SELECTOR.
   Without this script the pages work all the same; one reloads them. */
"use strict";

document.querySelectorAll("[data-refresh]").forEach(function (part) {
  const seconds = Number(part.dataset.every) || 15;
  let failures = 0;

  async function refresh() {
    if (document.hidden) return;
    const response = await fetch(part.dataset.refresh, { credentials: "same-origin", redirect: "error" });
    if (!response.ok) throw new Error(String(response.status));
    const text = (await response.text()).trim();
    if (text !== part.dataset.shown) {
      part.dataset.shown = text;
      part.innerHTML = text;
    }
    if (part.dataset.until && !part.querySelector(part.dataset.until)) location.reload();
  }

  async function again() {
    try {
      await refresh();
      failures = 0;
    } catch {
      failures += 1; /* logged out, or the server restarts: asked more and more seldom */
    }
    setTimeout(again, seconds * 1000 * Math.min(2 ** failures, 20));
  }

  setTimeout(again, seconds * 1000);
});
