// The phone without reloads: forms are sent beside the page, voices and round notes are recorded, the talk stays at its end.
// Every form works without this file.
import { refresh } from "./live.js";

const line = document.querySelector("[data-recording]"); // what the phone itself says
const talk = () => document.getElementById("talk");
function toEnd() { const t = talk(); if (t) t.scrollTop = t.scrollHeight; }
toEnd();

// A new message scrolls the talk down only when its end was in sight.
let atEnd = true;
document.addEventListener("scroll", (e) => {
  if (e.target.id === "talk") atEnd = e.target.scrollHeight - e.target.clientHeight - e.target.scrollTop < 40;
}, true);
document.addEventListener("kruzhok:fresh", () => { if (atEnd) toEnd(); });

async function send(form, body) {
  if (form.dataset.sending) return; // pressed twice
  form.dataset.sending = "1";
  let answer;
  try {
    answer = await fetch(form.action, { method: "POST", body, redirect: "follow" });
  } catch {
    say(line?.dataset.lost ?? ""); // the demo has ended; what was written stays
    return;
  } finally {
    delete form.dataset.sending;
  }
  say("");
  if (form.dataset.quiet === "page" || !answer.ok) { // another page, or one that says what is wrong
    if (answer.ok) { location.href = answer.url; return; }
    document.open(); document.write(await answer.text()); document.close();
    return;
  }
  if (form.dataset.quiet === "clear") {
    form.reset();
    form.querySelectorAll("details[open]").forEach((d) => { d.open = false; });
    if (new URL(location.href).searchParams.has("reply")) { location.href = location.pathname; return; }
  }
  form.closest("details.tools")?.removeAttribute("open");
  atEnd = true;
  await refresh();
}

document.addEventListener("submit", (e) => {
  const form = e.target;
  if (!("quiet" in form.dataset)) return;
  e.preventDefault();
  const body = new FormData(form, e.submitter), kind = form.querySelector("[data-kind]");
  if (kind) body.set("kind", kind.value);
  if (form.enctype !== "multipart/form-data") {
    send(form, new URLSearchParams(body));
    return;
  }
  if (!body.get("text")?.trim() && !body.get("file")?.size) return;
  send(form, body);
});

// Enter sends, Shift+Enter makes a new line.
document.addEventListener("keydown", (e) => {
  if (e.key === "Enter" && !e.shiftKey && !e.isComposing && e.target.matches("[data-enter]")) {
    e.preventDefault();
    e.target.form.requestSubmit(e.target.form.querySelector(".send"));
  }
  if (e.key === "Escape") e.target.closest?.("details[open]")?.removeAttribute("open");
});

// Recording: press to begin, press again to send.
let recorder = null;

async function record(button) {
  const note = button.dataset.record === "video_note";
  let device;
  try {
    device = await navigator.mediaDevices.getUserMedia({ audio: true, video: note ? { width: 240, height: 240, facingMode: "user" } : false });
  } catch {
    say(line.dataset.refused);
    return;
  }
  const parts = [], began = Date.now(), type = (note ? "video" : "audio") + "/webm";
  recorder = new MediaRecorder(device, MediaRecorder.isTypeSupported(type) ? { mimeType: type } : {});
  recorder.addEventListener("dataavailable", (e) => parts.push(e.data));
  recorder.addEventListener("stop", () => {
    device.getTracks().forEach((t) => t.stop());
    button.setAttribute("aria-pressed", "false");
    recorder = null;
    say("");
    const form = button.form, body = new FormData();
    body.set("back", form.elements.back.value);
    body.set("kind", button.dataset.record);
    body.set("seconds", String(Math.max(1, Math.round((Date.now() - began) / 1000))));
    if (form.elements.reply) body.set("reply", form.elements.reply.value);
    body.set("file", new Blob(parts, { type: parts[0]?.type || type }), note ? "note.webm" : "voice.webm");
    send(form, body);
  });
  recorder.start();
  button.setAttribute("aria-pressed", "true");
  say(line.dataset.words);
}

function say(words) {
  if (!line) return;
  line.textContent = words;
  line.hidden = !words;
}

if (navigator.mediaDevices && window.MediaRecorder) {
  for (const b of document.querySelectorAll("[data-record]")) {
    b.hidden = false;
    b.addEventListener("click", () => { if (recorder) recorder.stop(); else record(b); });
  }
}
