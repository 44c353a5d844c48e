// Reads events, one a line, as CloudEvents with strict validation, and prints the type and sequence of each.
import { readFileSync } from 'node:fs';
import { CloudEvent, HTTP } from 'cloudevents';

for (const line of readFileSync(0, 'utf8').split('\n').filter(Boolean)) {
  const strict = new CloudEvent(JSON.parse(line), true);
  const received = HTTP.toEvent({ headers: { 'content-type': 'application/cloudevents+json' }, body: line });
  if (received.id !== strict.id) throw new Error(`${strict.id} is read as ${received.id}`);
  console.log(`${strict.type} ${strict.sequence}`);
}
