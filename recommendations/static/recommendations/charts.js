/* Draws each <canvas data-chart="ID"> from the JSON in the element ID, in the colours of the admin's theme. */
"use strict";

(function () {
  const charts = new Map();

  function colour(name) {
    return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  }

  function palette() {
    return [colour("--run-chart-1"), colour("--run-chart-2"), colour("--run-chart-3"), colour("--run-chart-4")];
  }

  /* The 95 % interval of each bar, which Chart.js has no element for. */
  const whiskers = {
    id: "whiskers",
    afterDatasetsDraw(chart) {
      const context = chart.ctx;
      chart.data.datasets.forEach(function (dataset, place) {
        (dataset.intervals || []).forEach(function (ends, index) {
          const bar = chart.getDatasetMeta(place).data[index];
          if (!ends || !bar) return;
          const low = chart.scales.left.getPixelForValue(ends[0]);
          const high = chart.scales.left.getPixelForValue(ends[1]);
          context.save();
          context.strokeStyle = colour("--body-fg");
          context.lineWidth = 1.5;
          context.beginPath();
          context.moveTo(bar.x, low);
          context.lineTo(bar.x, high);
          [low, high].forEach(function (y) {
            context.moveTo(bar.x - 6, y);
            context.lineTo(bar.x + 6, y);
          });
          context.stroke();
          context.restore();
        });
      });
    },
  };

  function datasets(data) {
    const colours = palette();
    return data.series.map(function (series, place) {
      const bars = data.kind === "bar";
      return {
        label: series.label,
        data: series.values,
        intervals: series.intervals,
        yAxisID: series.scale,
        borderColor: colours[place % colours.length],
        backgroundColor: bars ? series.values.map((_, index) => colours[index === 0 ? 0 : 1]) : colours[place % colours.length],
        maxBarThickness: 64,
        showLine: !series.points,
        pointRadius: series.values.length > 60 ? 0 : 2,
        spanGaps: true,
      };
    });
  }

  function scales(data) {
    const text = colour("--body-quiet-color");
    const grid = colour("--hairline-color");
    const used = new Set(data.series.map((series) => series.scale));
    const titleOf = (side) => data.series.filter((series) => series.scale === side).map((series) => series.label).join(", ");
    const found = { x: { ticks: { color: text }, grid: { color: grid }, title: { display: Boolean(data.axis), text: data.axis, color: text } } };
    ["left", "right"].filter((side) => used.has(side)).forEach(function (side) {
      found[side] = {
        position: side,
        beginAtZero: data.kind === "bar",
        ticks: { color: text },
        grid: { color: grid, drawOnChartArea: side === "left" || !used.has("left") },
        title: { display: true, text: titleOf(side), color: text },
      };
      const ends = data.series.flatMap((series) => series.intervals || []).filter(Boolean);
      if (ends.length) found[side].suggestedMax = Math.max(...ends.map((pair) => pair[1]));
    });
    return found;
  }

  function draw(canvas, data) {
    canvas.parentElement.hidden = false;
    if (charts.has(canvas.id)) charts.get(canvas.id).destroy();
    charts.set(canvas.id, new Chart(canvas, {
      type: data.kind,
      data: { labels: data.labels, datasets: datasets(data) },
      options: {
        animation: false,
        maintainAspectRatio: false,
        interaction: { mode: "index", intersect: false },
        scales: scales(data),
        plugins: { legend: { display: data.series.length > 1, labels: { color: colour("--body-fg") } } },
      },
      plugins: [whiskers],
    }));
  }

  function drawAll() {
    document.querySelectorAll("canvas[data-chart]").forEach(function (canvas) {
      draw(canvas, JSON.parse(document.getElementById(canvas.dataset.chart).textContent));
    });
  }

  if (typeof Chart === "undefined") return;
  drawAll();
  new MutationObserver(drawAll).observe(document.documentElement, { attributeFilter: ["data-theme"] });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);

  /* A live run brings new points: keep them for the next change of theme, draw them, and write their rows. */
  document.addEventListener("concierge:learning", function (event) {
    const canvas = document.getElementById("chart-learning");
    if (!canvas) return;
    document.getElementById(canvas.dataset.chart).textContent = JSON.stringify(event.detail);
    draw(canvas, event.detail);
    const body = document.querySelector("#chart-learning-table tbody");
    body.replaceChildren(...event.detail.rows.map(function (cells) {
      const row = document.createElement("tr");
      cells.forEach(function (cell, place) {
        const element = document.createElement(place ? "td" : "th");
        if (!place) element.scope = "row";
        element.textContent = cell;
        row.append(element);
      });
      return row;
    }));
  });
})();
