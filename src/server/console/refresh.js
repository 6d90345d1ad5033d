// Fetches the page again now and then, and puts what has changed in its place: focus, scroll position, what is open and what is being
// typed stay. Without it the page is the same, and refreshes by itself in the browser's own way.
"use strict";
(() => {
  const seconds = Number(document.body.dataset.refresh);
  if (!seconds) return;

  // Somebody is at a form, or has changed what it says: it must not be taken from under their hands.
  const isBusy = () => {
    const at = document.activeElement;
    if (at && at.closest("form") && at.matches("input:not([type=hidden]), select, textarea")) return true;
    const isChanged = field => field.matches("select")
      ? [...field.options].some(option => option.selected !== option.defaultSelected && (option.value || option.defaultSelected))
      : field.value !== field.defaultValue;
    return [...document.querySelectorAll("main input:not([type=hidden]), main select, main textarea")].some(isChanged);
  };

  // What has the focus, by what a reload does not change.
  const nameOf = element => element && (element.id || element.getAttribute("aria-label") || element.getAttribute("href"));

  // A page that is no longer refreshed must not look as if it were.
  let last = new Date();
  const tellThatItIsOld = () => {
    if (document.getElementById("not-refreshed")) return;
    const line = document.createElement("p");
    line.id = "not-refreshed";
    line.className = "notice wrong";
    line.setAttribute("role", "alert");
    line.textContent = `Not refreshed since ${last.toISOString().slice(11, 19)} UTC: the service does not answer. What stands here may be old.`;
    document.querySelector("main").prepend(line);
  };

  const refresh = async () => {
    if (document.hidden || isBusy()) return;
    const address = new URL(location.href);
    address.searchParams.delete("done");
    const answer = await fetch(address, { credentials: "same-origin" });
    if (!answer.ok) return tellThatItIsOld();
    if (isBusy()) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("main");
    if (!fresh) return;
    const main = document.querySelector("main");
    const focused = main.contains(document.activeElement) ? nameOf(document.activeElement) : null;
    const open = [...main.querySelectorAll("details")].map(details => details.open);
    const [x, y] = [scrollX, scrollY];
    main.replaceChildren(...fresh.childNodes);
    last = new Date();
    [...main.querySelectorAll("details")].forEach((details, n) => { if (open[n] !== undefined) details.open = open[n]; });
    const again = focused && [...main.querySelectorAll("a, button, [id]")].find(element => nameOf(element) === focused);
    if (again) again.focus({ preventScroll: true });
    scrollTo(x, y);
  };

  setInterval(() => refresh().catch(tellThatItIsOld), seconds * 1000);
})();
