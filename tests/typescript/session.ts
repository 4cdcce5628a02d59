// A caller in TypeScript: it directs one session by the page's examples, and tells what came of it.
// `examples.ts` is made from docs/signals.md, a function for each heading.

import { WorkflowExecutionAlreadyStartedError, WorkflowFailedError } from '@temporalio/client';
import * as page from './examples.js';

/** The error that an example must end with. */
async function refusal<E extends Error>(
  example: () => Promise<unknown>,
  kind: new (...args: never[]) => E,
): Promise<E> {
  try {
    await example();
  } catch (err) {
    if (err instanceof kind) return err;
    throw err;
  }
  throw new Error(`${kind.name} was expected`);
}

async function directed(): Promise<Record<string, unknown>> {
  const before = await page.repeating_a_start();
  await page.start();
  const mine = await page.repeating_a_start();
  await refusal(page.start, WorkflowExecutionAlreadyStartedError);
  await page.change_layout();
  await page.change_subscriptions();
  const shown = await page.set_layout(); // answers once the session records
  await page.pause();
  await page.resume();
  const recorded = await page.set_subscriptions();
  await page.extend();
  const status = await page.status();
  const early = await page.files();
  await page.stop();
  const result = await page.result();
  const [manifest, timeline] = [await page.files(), await page.timeline()];
  const after = await page.repeating_a_start();
  return { before, mine, shown, recorded, status, early, result, manifest, timeline, after };
}

async function cancelled(): Promise<Record<string, unknown>> {
  await page.start();
  await page.cancel();
  const { cause } = await refusal(page.result, WorkflowFailedError);
  return { cause: cause?.name };
}

const told = process.argv[2] === 'cancelled' ? await cancelled() : await directed();
console.log(JSON.stringify(told));
await page.connection.close();
