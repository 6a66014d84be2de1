// Talking to the sandbox's control side.

export class Refused extends Error {}

async function answerOf(response) {
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Refused(answer.error ?? response.statusText);
  return answer;
}

export async function read(path) {
  return answerOf(await fetch(`/sandbox/${path}`));
}

export async function send(path, body = {}, method = "POST") {
  if (body instanceof FormData) return answerOf(await fetch(`/sandbox/${path}`, { method, body }));
  const headers = { "Content-Type": "application/json" };
  return answerOf(await fetch(`/sandbox/${path}`, { method, headers, body: JSON.stringify(body) }));
}

export function follow(after, onEvent, onState) {
  const stream = new EventSource(`/sandbox/events?after=${after}`);
  stream.onmessage = (message) => onEvent(JSON.parse(message.data));
  stream.onopen = () => onState(true);
  stream.onerror = () => onState(false);
  return stream;
}
