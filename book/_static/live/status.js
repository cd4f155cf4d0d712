/**
 * The line below a widget or a live cell that says what Python is doing, and what failed.
 */

const MEGABYTE = 1e6;

/**
 * Make a status line that follows the runtime.
 *
 * @param {import("./runtime.js").Runtime} runtime
 * @param {{isCell?: boolean}} options - whether it stands at a live cell, which itself tells about failures,
 *   and whose code may load packages
 * @returns {{element: HTMLElement, attend: function(boolean): void, leave: function(): void}} `attend` is
 *   called at the reader's first touch: until then the line shows no progress and announces nothing; `leave`
 *   ends the following
 */
export function statusLine(runtime, { isCell = false } = {}) {
  const element = document.createElement("div");
  element.className = "dlcore-status";
  const bar = document.createElement("progress");
  const amount = document.createElement("span");
  // The amount changes many times a second, which nobody wants to hear.
  amount.setAttribute("aria-hidden", "true");
  const message = document.createElement("span");
  const again = document.createElement("button");
  again.type = "button";
  again.textContent = "Try again";
  again.addEventListener("click", () => {
    // The button is about to go, and with it the focus would.
    message.tabIndex = -1;
    message.focus();
    runtime.start();
  });
  element.append(bar, amount, message, again);

  let isAttended = false;
  let wasStarting = false;
  const say = (sentence, isSilent = false) => {
    message.className = isSilent ? "dlcore-hidden" : "";
    if (message.textContent !== sentence) message.textContent = sentence;
  };
  const follow = () => {
    const { state, failure, progress } = runtime;
    const isStarting = isAttended && state === "starting";
    const isLoading = isStarting || (isAttended && isCell && state === "ready" && progress !== null);
    const isFailed = !isCell && state === "failed";
    bar.hidden = amount.hidden = !isLoading;
    again.hidden = !(isFailed && failure.again);
    if (isLoading) showProgress(bar, amount, isStarting ? "Starting Python" : "Loading packages", progress);
    if (isStarting) {
      say("Starting Python.", true);
    } else if (isFailed) {
      say(failure.sentence);
    } else if (!isCell && isAttended && runtime.isBlocked) {
      say("The controls wait until the code cell has ended.");
    } else {
      say(wasStarting && state === "ready" ? "Python is ready." : "", true);
    }
    wasStarting = isStarting;
  };
  const attend = (isNow) => {
    isAttended = isNow;
    if (isNow) message.setAttribute("role", "status");
    follow();
  };
  const leave = () => runtime.removeEventListener("change", follow);
  runtime.addEventListener("change", follow);
  follow();
  return { element, attend, leave };
}

function showProgress(bar, amount, what, { loaded, total, stage }) {
  bar.setAttribute("aria-label", what);
  if (stage === "download" && total > 0) {
    bar.max = total;
    bar.value = loaded;
    amount.textContent = `${what}: ${megabytes(loaded)} of ${megabytes(total)} MB`;
  } else {
    bar.removeAttribute("value");
    amount.textContent = what;
  }
}

function megabytes(bytes) {
  return (bytes / MEGABYTE).toFixed(1);
}
