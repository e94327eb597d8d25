import { INSPECTOR_ORIGINS } from './request-check.js';

/** The page that a person opens: the Stately inspector in a frame, and a script that hands it the messages. */
export const BRIDGE_PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <title>ssv-duty-scheduler · Stately inspector</title>
    <style>
      html, body { height: 100%; margin: 0; font-family: system-ui, sans-serif; }
      iframe { width: 100%; height: 100%; border: 0; }
      p { position: fixed; right: 0.5rem; bottom: 0; padding: 0.25rem 0.5rem; background: #222; color: #fff; }
      p:empty { display: none; }
    </style>
  </head>
  <body>
    <iframe title="Stately inspector" src="${INSPECTOR_ORIGINS[0]}/inspect"></iframe>
    <p role="status"></p>
    <script src="/bridge.js"></script>
  </body>
</html>
`;

/**
 * The inspector says that it is ready; only then is the relay asked, which begins with every actor that is alive. When the
 * connection ends, the page asks again.
 */
export const BRIDGE_SCRIPT = `'use strict';
const frame = document.querySelector('iframe');
const status = document.querySelector('p');
const inspectors = ${JSON.stringify(INSPECTOR_ORIGINS)};
let connected = false;
let inspector;

function connect() {
  if (connected) return;
  connected = true;
  const socket = new WebSocket('ws://' + location.host);
  socket.onopen = () => { status.textContent = ''; };
  socket.onmessage = ({ data }) => frame.contentWindow.postMessage(JSON.parse(data), inspector);
  socket.onclose = () => {
    connected = false;
    status.textContent = 'The scheduler does not answer; trying again.';
    setTimeout(connect, 2000);
  };
}

addEventListener('message', ({ source, origin, data }) => {
  if (source !== frame.contentWindow || !inspectors.includes(origin)) return;
  if (!data || data.type !== '@statelyai.connected') return;
  inspector = origin;
  connect();
});
`;

/** Nothing but the inspector's frame, our own script and our own socket. */
export const BRIDGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'unsafe-inline'",
  // Not every browser counts the socket of the same address as its own.
  "connect-src 'self' ws://localhost:* ws://127.0.0.1:*",
  `frame-src ${INSPECTOR_ORIGINS.join(' ')}`,
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join('; ');
