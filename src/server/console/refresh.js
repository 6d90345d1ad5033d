// Fetches the page again now and then, and changes what has changed, and nothing else: focus, the place of a screen reader, scroll
// position, what is open and what is being typed stay. Without it the page is the same, and refreshes by itself in the browser's own way.
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

  // What an element stands for. One that stands for something else is another element, and takes no focus over: a button must not become
  // another one while somebody presses it.
  const nameOf = element => [
    element.nodeName, element.id, element.getAttribute("aria-labelledby"), element.getAttribute("aria-label"), element.getAttribute("href"),
    element.getAttribute("action"), element.getAttribute("name"), element.getAttribute("class"),
    element.matches("li, tr") && element.querySelector("a") ? element.querySelector("a").getAttribute("href") : "",
    element.matches("button") ? element.textContent : "",
  ].join("\n");
  const isAlike = (one, other) =>
    one.nodeType === other.nodeType && (one.nodeType !== Node.ELEMENT_NODE || nameOf(one) === nameOf(other));

  // Puts a node elsewhere. Where the browser can, it keeps the focus.
  const move = (parent, node, before) => parent.moveBefore ? parent.moveBefore(node, before) : parent.insertBefore(node, before);

  // Makes a node what its fresh twin is, with as few changes as that takes.
  const renew = (old, fresh) => {
    if (old.isEqualNode(fresh)) return;
    if (old.nodeType !== Node.ELEMENT_NODE) {
      old.data = fresh.data;
      return;
    }
    // What somebody has opened or closed stays so.
    const kept = old.matches("details") ? ["open"] : [];
    for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name) && !kept.includes(name)) old.removeAttribute(name);
    for (const { name, value } of fresh.attributes) if (old.getAttribute(name) !== value && !kept.includes(name)) old.setAttribute(name, value);
    let at = old.firstChild;
    for (const next of [...fresh.childNodes]) {
      let twin = at;
      while (twin && !isAlike(twin, next)) twin = twin.nextSibling;
      if (!twin) {
        old.insertBefore(next, at);
      } else {
        if (twin === at) at = at.nextSibling; else move(old, twin, at);
        renew(twin, next);
      }
    }
    while (at) {
      const gone = at;
      at = at.nextSibling;
      gone.remove();
    }
  };

  // A page that is no longer refreshed must not look as if it were. The place for it is there from the start, and so it is read out.
  let last = new Date();
  const old = document.getElementById("not-refreshed");
  const tellThatItIsOld = () => {
    tell(`Not refreshed since ${time()} UTC: the service does not answer. What stands here may be old.`);
  };
  const time = () => last.toISOString().slice(11, 19);
  const tell = text => {
    if (old.textContent === text) return;
    const line = document.createElement("p");
    line.className = "notice wrong";
    line.textContent = text;
    old.replaceChildren(line);
  };

  const refresh = async () => {
    if (document.hidden) return;
    if (isBusy()) {
      const isOld = new Date() - last > 3 * seconds * 1000;
      if (isOld) tell(`Not refreshed since ${time()} UTC, because a form on this page is being filled in. What stands here may be old.`);
      return;
    }
    const address = new URL(location.href);
    // What a button has done is told until somebody goes on.
    if (document.activeElement?.id !== "done") address.searchParams.delete("done");
    const answer = await fetch(address, { credentials: "same-origin", signal: AbortSignal.timeout(10000) });
    if (!answer.ok) return tellThatItIsOld();
    const text = await answer.text();
    if (isBusy()) return;
    const fresh = new DOMParser().parseFromString(text, "text/html").querySelector("main");
    if (!fresh) return tellThatItIsOld();
    const main = document.querySelector("main");
    const at = main.contains(document.activeElement) ? document.activeElement : null;
    const name = at && nameOf(at);
    renew(main, fresh);
    last = new Date();
    old.replaceChildren();
    // Only where what had the focus was moved, or made anew.
    if (!at || document.activeElement === at) return;
    const again = [...main.querySelectorAll("a, button, summary, [id]")].find(element => nameOf(element) === name);
    if (again) again.focus({ preventScroll: true });
  };

  const again = () => refresh().catch(tellThatItIsOld);
  setInterval(again, seconds * 1000);
  // Somebody comes back to the page.
  document.addEventListener("visibilitychange", again);
})();
