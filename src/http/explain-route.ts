import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { ConfigurationError } from '../../services/chain-loader.js';
import type { DutyExplanation, Explanation } from '../../services/explain/explanation.js';
import type { DutyScheduler } from '../duty-scheduler.js';
import { readActors } from '../observability/actor-state.js';
import type { HttpContext } from './http-context.js';
import { notStarted } from './not-started.js';
import { readQuery } from './query.js';
import { HttpRefusal } from './refusal.js';

/** Each reads the whole journal, which takes its time beside the duties. */
const MOST_AT_A_TIME = 2;
/** Steps of a duty that are told: so many first and as many last. A table that is never ready fails without end. */
const MOST_STEPS_AT_AN_END = 100;

const WHOLE_NUMBER = 'expected a whole number of at most 12 digits';
const number = z
  .string(WHOLE_NUMBER)
  .regex(/^\d{1,12}$/, WHOLE_NUMBER)
  .transform(Number);
const QUERY = z
  .strictObject({ validator: number, slot: number.optional(), epoch: number.optional() })
  .refine(({ slot, epoch }) => (slot === undefined) !== (epoch === undefined), 'either slot or epoch is to be named');

/**
 * `/api/explain?validator=7&slot=41`: what the journal says of a validator in a slot. With `epoch` in place of `slot`: of
 * the slot of its attester duty in that epoch, and of the first slot where the journal knows of none.
 */
export function explainRoute(app: FastifyInstance, { watch: { scheduler } }: HttpContext): void {
  let underWay = 0;
  app.get('/api/explain', async (request, reply) => {
    const { validator, slot, epoch } = readQuery(request, QUERY);
    const { actor, journalWritable } = scheduler;
    if (actor === undefined) throw notStarted();
    if (journalWritable === undefined) {
      throw new HttpRefusal(404, 'there is no journal to explain from: the scheduler runs without a data directory');
    }
    if (underWay >= MOST_AT_A_TIME) {
      throw new HttpRefusal(503, `the journal is read for ${MOST_AT_A_TIME} others already`, { 'retry-after': '2' });
    }
    underWay++;
    try {
      const { slotsPerEpoch } = readActors(actor).scheduler.chain;
      const asked = slot ?? (await attesterSlot(scheduler, validator, epoch! * slotsPerEpoch));
      return await reply.send(shortened(await scheduler.explain({ slot: asked, validator })));
    } catch (error) {
      throw error instanceof ConfigurationError ? new HttpRefusal(404, error.message) : error;
    } finally {
      underWay--;
    }
  });
}

async function attesterSlot(scheduler: DutyScheduler, validator: number, firstOfEpoch: number): Promise<number> {
  const { duties } = await scheduler.explain({ slot: firstOfEpoch, validator });
  return duties.find(({ role }) => role === 'attester')?.elsewhere[0] ?? firstOfEpoch;
}

/** An answer stays small, whatever went wrong how often. */
function shortened({ duties, gaps, ...rest }: Explanation): Explanation {
  const leftOut: string[] = [];
  const short = duties.map((duty): DutyExplanation => {
    const { role, steps } = duty;
    const surplus = steps.length - 2 * MOST_STEPS_AT_AN_END;
    if (surplus <= 0) return duty;
    leftOut.push(`${role}: ${surplus} steps in between are left out`);
    return { ...duty, steps: [...steps.slice(0, MOST_STEPS_AT_AN_END), ...steps.slice(-MOST_STEPS_AT_AN_END)] };
  });
  return { ...rest, duties: short, gaps: [...gaps, ...leftOut] };
}
