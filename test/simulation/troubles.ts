/** Carries troubles out. */
import { BeaconNodeError } from '../../machines/ports.js';
import { epochOf } from '../../machines/rules/chain-time.js';
import { RandomStream } from '../../src/devnet/deterministic-random.js';
import { fillEmptySlot, reorg } from '../../src/devnet/index.js';
import { METHODS, type Trouble, type ValidatorTrouble } from './hostility.js';
import type { Member } from './membership.js';
import { SLOTS_PER_EPOCH } from './options.js';
import { INJECTED, LATENCY_MS, SLOT_MS, type World } from './world.js';

/** As on the real chain: neither an activation nor an exit changes duties that can be known already. */
const EXIT_DELAY_EPOCHS = 5;
/** So soon is it noticed that the clock was set. */
const STEP_NOTICED_MS = 1000;
/** The registry only grows; ten thousand epochs must not fill it. */
const MOST_VALIDATORS = 4;

export function carryOut(world: World, trouble: Trouble): void {
  const { node, clock, chain } = world;
  const random = new RandomStream(world.options.seed, 'detail', clock.now());
  switch (trouble.kind) {
    case 'reorg': {
      if (chain.head.slot < 1) return;
      const { depth, replay, emptyShare } = trouble;
      const atSlot = Math.max(chain.head.slot, Math.min(world.slot, chain.head.slot + 1));
      const lowest = Math.max(0, chain.head.slot - depth);
      const emptySlots: number[] = [];
      for (let slot = lowest; slot < atSlot; slot++) if (random.fraction() < emptyShare) emptySlots.push(slot);
      reorg(chain, { atSlot, depth, emptySlots, replay });
      return;
    }
    case 'fill-empty-slot': {
      // The last slots of epochs: their blocks are what duties depend on.
      const epoch = epochOf(world.spec, world.slot);
      for (const slot of [epoch * SLOTS_PER_EPOCH - 1, (epoch - 1) * SLOTS_PER_EPOCH - 1]) {
        if (slot < 1 || chain.blockAt(slot) !== undefined) continue;
        // Where it is the last block before the epoch, what that fixes is asked for again.
        world.disturb('requests');
        return void fillEmptySlot(chain, slot, trouble.replay);
      }
      return;
    }
    case 'requests':
      return disturbRequests(world, trouble);
    case 'drop-streams':
      world.disturb('all');
      return node.dropStreams();
    case 'silence-streams':
      world.disturb('all');
      world.streamsSilent = true;
      return node.silenceStreams();
    case 'slow-network':
      node.latencyMs = trouble.latencyMs;
      world.disturb('network', trouble.slots * SLOT_MS);
      return during(world, trouble.slots, () => (node.latencyMs = LATENCY_MS));
    case 'unfit': {
      node.conditions.syncing = trouble.status;
      const isTolerated = trouble.status.isSyncing === true && (trouble.status.syncDistance ?? 0) <= 4;
      const heal = () => (node.conditions.syncing = undefined);
      if (isTolerated) clock.setTimeout(heal, trouble.slots * SLOT_MS);
      else {
        world.disturb('unfit', trouble.slots * SLOT_MS);
        during(world, trouble.slots, heal);
      }
      return;
    }
    case 'unreachable':
      for (const method of METHODS) node.fail(method, Infinity, injected('unreachable'));
      node.dropStreams();
      world.disturb('unfit', trouble.slots * SLOT_MS);
      return during(world, trouble.slots, () => node.heal());
    case 'no-proposer-v2':
      node.conditions.servesProposerV2 = false;
      // Nobody notices before the next request, and the scheduler keeps to v1 for as long as the node stays.
      world.disturb('requests', SLOTS_PER_EPOCH * SLOT_MS);
      clock.setTimeout(() => (node.conditions.servesProposerV2 = true), trouble.slots * SLOT_MS);
      return;
    case 'clock-jump': {
      const ms = Math.trunc(trouble.slots * SLOT_MS);
      const now = clock.now();
      world.disturbances.jump(now, ms);
      const [from, to] = [Math.min(now, now + ms), Math.max(now, now + ms)];
      // Timers set before it sleep as long as they were told: up to a slot and a half too long.
      world.disturbances.add('all', from, to + 1.5 * SLOT_MS);
      // What waits for an instant waits anew.
      world.disturbances.add('clock', from, to + STEP_NOTICED_MS);
      world.jumps.push({ from: now, ms });
      return clock.jump(ms);
    }
    case 'restart':
      world.stopScheduler();
      if (trouble.slots === 0) world.startScheduler();
      return during(world, trouble.slots, () => {
        if (world.life === undefined) world.startScheduler();
      });
    case 'validators':
      return changeValidators(world, trouble.change, random);
  }
}

function injected(kind: 'unreachable' | 'http'): BeaconNodeError {
  return new BeaconNodeError(kind, `${INJECTED} ${kind === 'http' ? 'HTTP 500' : 'connection refused'}`, 500);
}

function disturbRequests(world: World, { how, method, times }: Trouble & { kind: 'requests' }): void {
  const { node } = world;
  if (method === 'openHeadStream') {
    // At once, and not with the first refusal: that may come in the next slot.
    world.disturb('requests');
    node.fail(method, times, injected('unreachable'));
    node.dropStreams();
  } else if (how === 'fail') node.fail(method, times, injected('http'));
  else if (how === 'hang') node.hang(method, times);
  else node.delay(method, 1500, times);
}

/** A disturbance that ends after some slots. */
function during(world: World, slots: number, end: () => void): void {
  const ms = slots * SLOT_MS;
  world.disturb('all', ms);
  world.clock.setTimeout(() => {
    world.disturb('all');
    end();
  }, ms);
}

function changeValidators(world: World, change: ValidatorTrouble, random: RandomStream): void {
  const { membership, chain, slot } = world;
  const pick = (from: readonly Member[]): Member | undefined => from[random.below(Math.max(1, from.length))];
  const epoch = epochOf(world.spec, Math.max(slot, chain.head.slot));
  const few = world.options.validators / 2;
  switch (change) {
    case 'remove':
    case 'liquidate': {
      const member = pick(membership.active());
      if (member === undefined || membership.active().length < few) return;
      membership[change](member);
      world.disturb(member.index);
      return;
    }
    case 'add': {
      const absent = [...chain.validators].filter(({ index }) => membership.get(index) === undefined);
      const validator = absent[random.below(Math.max(1, absent.length))];
      if (validator === undefined) return;
      world.disturb(validator.index);
      world.shown.added(validator.index);
      return membership.add(validator.index, validator.pubkey, slot);
    }
    case 'reactivate': {
      const member = pick(membership.liquidated());
      if (member === undefined) return;
      world.disturb(member.index);
      return membership.reactivate(member, slot);
    }
    case 'deposit': {
      if (chain.validators.count >= MOST_VALIDATORS * world.options.validators) return;
      const { index, pubkey } = chain.addValidator({ activationEpoch: epoch + EXIT_DELAY_EPOCHS });
      world.disturb(index);
      return membership.add(index, pubkey, slot);
    }
    case 'exit':
    case 'slash': {
      const staying = membership.active().filter(({ index }) => chain.validators.at(index).exitEpoch === Infinity);
      const member = pick(staying);
      if (member === undefined || staying.length < few) return;
      // What leaves by the chain's rules leaves no duty uncertain.
      world.disturb('requests');
      if (change === 'slash') chain.slashValidator(member.index);
      else {
        chain.exitValidator(member.index, epoch + EXIT_DELAY_EPOCHS);
        membership.exited(member);
      }
    }
  }
}
