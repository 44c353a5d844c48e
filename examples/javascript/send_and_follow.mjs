// Fund an envelope, be sure that it is recorded, read the event back, and see it in a view.
//
//     npm install
//     NATS_URL=127.0.0.1:4222 PORTFOLIO=ai-2026 ORIGIN=ai-2026-5f3a9c01 ACTOR=erp node send_and_follow.mjs
//
// Prints one JSON object a line: the receipt, the event, and the view before and after it. Uses the plain NATS client:
// what is sent where is in schemas/json/asyncapi.json.
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { connect, nkeyAuthenticator } from '@nats-io/transport-node';
import { CloudEvent } from 'cloudevents';

const { NATS_URL, NATS_TOKEN, NATS_SEED_FILE, PORTFOLIO, ORIGIN, ACTOR = 'erp' } = process.env;
const seed = NATS_SEED_FILE && new TextEncoder().encode(readFileSync(NATS_SEED_FILE, 'utf8').trim());
const connection = await connect({
  servers: NATS_URL.replace('nats://', ''),
  token: NATS_TOKEN,
  authenticator: seed && nkeyAuthenticator(seed),
  maxReconnectAttempts: -1,
});
const print = (told) => console.log(JSON.stringify(told));

// Where nothing was decided, or nobody knows whether it was: send the same bytes again, they are recorded once.
const AGAIN = new Set(['BUSY', 'UNAVAILABLE', 'FAILED']);

async function send(command, patience = 30_000) {
  const line = JSON.stringify(command);
  const subject = `portfolio.${PORTFOLIO}.command.${command.actor}.${command.type.split('.')[0]}`;
  for (const until = Date.now() + patience; ; ) {
    let last;
    try {
      const receipt = (await connection.request(subject, line, { timeout: 5_000 })).json();
      if (!AGAIN.has(receipt.reason)) return receipt;
      last = receipt.reason;
    } catch (error) {
      last = error.message; // no responders, or no answer in time
    }
    if (Date.now() > until) throw new Error(`${subject} has no receipt: ${last}`);
    await pause(200);
  }
}

// An event is a CloudEvent in structured mode; the second argument of the SDK asks for strict validation.
async function event(sequence) {
  const subject = `$JS.API.DIRECT.GET.PORTFOLIO_${PORTFOLIO}`;
  const message = await connection.request(subject, JSON.stringify({ seq: sequence }), { timeout: 5_000 });
  return new CloudEvent(message.json(), true);
}

async function view(name, options) {
  const answer = await connection.request(`portfolio.${PORTFOLIO}.view.${name}`, JSON.stringify(options), { timeout: 10_000 });
  const found = answer.json();
  if (found.error) throw new Error(found.error);
  return found;
}

const command = {
  type: 'FundEnvelope.v1',
  portfolio: ORIGIN,
  commandid: 'example-javascript-1', // ours: an order's number, a row's key
  actor: ACTOR,
  subject: 'envelope/javascript',
  time: '2026-11-20',
  data: {
    envelope: 'javascript',
    value_stream: 'claims',
    fiscal_period: 'FY2026',
    capex_opex: 'opex',
    kind: 'initial',
    amount: { minor: 5_000_000, currency: 'USD' },
    reason: 'The budget of the year.',
  },
};

const receipt = await send(command);
if (receipt.status !== 'accepted') throw new Error(`${receipt.reason}: ${receipt.meaning}`);
const again = await send(command);
if (again.sequence !== receipt.sequence) throw new Error('recorded twice');
print({ receipt: receipt.sequence });

const stored = await event(receipt.sequence);
print({ event: stored.type, sequence: Number(stored.sequence), actor: stored.actor });

for (const sequence of [receipt.sequence - 1, receipt.sequence]) {
  const { rows } = await view('spend', { as_known: String(sequence), as_of: '2026-12-31' });
  const funded = rows.filter((row) => row.key === 'javascript').reduce((sum, row) => sum + row.funded_minor, 0);
  print({ as_known: sequence, funded_minor: funded });
}
await connection.close();
