"use strict";
(() => {
  // The hover read-out: nearest point by the x axis, one text for it, a line through the picture.
  const tip = document.createElement("div");
  tip.className = "tip";
  tip.setAttribute("aria-hidden", "true");
  document.body.append(tip);

  for (const chart of document.querySelectorAll("svg[data-hover]")) {
    const points = JSON.parse(chart.dataset.hover);
    const cross = chart.querySelector(".cross");
    const hide = () => {
      tip.classList.remove("shown");
      cross.setAttribute("visibility", "hidden");
    };
    const show = (event) => {
      const box = chart.getBoundingClientRect();
      const x = ((event.clientX - box.left) / box.width) * chart.viewBox.baseVal.width;
      let best = points[0];
      for (const point of points) if (Math.abs(point[0] - x) < Math.abs(best[0] - x)) best = point;
      cross.setAttribute("x1", best[0]);
      cross.setAttribute("x2", best[0]);
      cross.setAttribute("visibility", "visible");
      tip.textContent = best[1];
      tip.classList.add("shown");
      const left = Math.min(event.clientX + 14, document.documentElement.clientWidth - tip.offsetWidth - 8);
      const above = event.clientY - tip.offsetHeight - 14;
      tip.style.left = `${Math.max(8, left)}px`;
      tip.style.top = `${above > 8 ? above : event.clientY + 18}px`;
    };
    chart.addEventListener("pointermove", show);
    chart.addEventListener("pointerdown", show);
    chart.addEventListener("pointerleave", hide);
    window.addEventListener("scroll", hide, { passive: true });
  }

  // The cut-off slider: every figure was written by Python; here they are only put in place.
  const store = document.getElementById("strategy-data");
  if (store) {
    const { start, cells, x, dots } = JSON.parse(store.textContent);
    const slider = document.getElementById("cutoff");
    const back = document.getElementById("cutoff-back");
    const room = slider.closest(".strategy");
    const move = () => {
      const k = Number(slider.value);
      for (const cell of room.querySelectorAll("[data-cell]")) cell.textContent = cells[cell.dataset.cell][k];
      for (const line of room.querySelectorAll("[data-follow]")) {
        line.setAttribute("x1", x[k]);
        line.setAttribute("x2", x[k]);
      }
      for (const dot of room.querySelectorAll("[data-dot]")) {
        const y = dots[dot.dataset.dot][k];
        dot.setAttribute("visibility", y === null ? "hidden" : "visible");
        dot.setAttribute("cx", x[k]);
        dot.setAttribute("cy", y === null ? 0 : y);
      }
      slider.setAttribute("aria-valuetext", `${cells.threshold[k]}; ${cells.approval[k]}; ${cells.profit[k]}`);
      back.disabled = k === start;
    };
    slider.value = start;
    slider.addEventListener("input", move);
    back.addEventListener("click", () => {
      slider.value = start;
      move();
    });
    move();
  }

  // The contents: folded on a narrow screen, and the section in view is marked.
  const contents = document.querySelector("nav details");
  const narrow = window.matchMedia("(max-width: 1080px)");
  const fold = () => (contents.open = !narrow.matches);
  narrow.addEventListener("change", fold);
  fold();
  const links = new Map([...document.querySelectorAll("nav a")].map((a) => [a.hash.slice(1), a]));
  const seen = new IntersectionObserver(
    (entries) => {
      for (const entry of entries) {
        if (!entry.isIntersecting) continue;
        for (const link of links.values()) link.removeAttribute("aria-current");
        links.get(entry.target.id).setAttribute("aria-current", "true");
      }
    },
    { rootMargin: "-15% 0px -75% 0px" },
  );
  for (const section of document.querySelectorAll("main > section")) seen.observe(section);
  for (const link of links.values()) link.addEventListener("click", () => narrow.matches && (contents.open = false));

  window.addEventListener("beforeprint", () => {
    for (const folded of document.querySelectorAll("details")) folded.open = true;
  });
})();
