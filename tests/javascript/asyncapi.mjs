// Prints what the AsyncAPI parser finds wrong with a document, one a line, then how many operations it has.
import { readFileSync } from 'node:fs';
import { Parser } from '@asyncapi/parser';

const { document, diagnostics } = await new Parser().parse(readFileSync(process.argv[2], 'utf8'));
const ERROR = 0;
const WARNING = 1;
for (const each of diagnostics.filter(({ severity }) => severity === ERROR || severity === WARNING)) {
  console.log(`${each.code} ${each.path.join('.')}: ${each.message}`);
}
console.log(document ? document.operations().all().length : 'invalid');
