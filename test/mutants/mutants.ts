/** A small wrong change that the fast tests must notice. */
export interface Mutant {
  /** What it breaks, in the words of the rule. */
  readonly breaks: string;
  readonly file: string;
  /** Occurs exactly once in the file. */
  readonly search: string;
  readonly replacement: string;
}

function within(file: string, ...mutants: readonly [breaks: string, search: string, replacement: string][]): Mutant[] {
  return mutants.map(([breaks, search, replacement]) => ({ breaks, file, search, replacement }));
}

/** One mistake each: a boundary off by one, a guard turned round, an order reversed, something left out. */
export const MUTANTS: readonly Mutant[] = [
  ...within(
    'machines/rules/chain-time.ts',
    ['the next committee serves the last slot of a period', 'epochOf(chain, slot + 1)', 'epochOf(chain, slot)'],
    [
      'slots are whole numbers, rounded down',
      'Math.floor((timeMs - chain.genesisTimeMs)',
      'Math.ceil((timeMs - chain.genesisTimeMs)',
    ],
  ),
  ...within(
    'machines/rules/dependent-roots.ts',
    [
      'attester tables of H carry the previous root, those of H+1 the current one',
      "['previousDutyDependentRoot', 'currentDutyDependentRoot', 'block']",
      "['currentDutyDependentRoot', 'previousDutyDependentRoot', 'block']",
    ],
    [
      'H is the epoch of the event, one off',
      'target - epochOf(chain, roots.slot)',
      'target + 1 - epochOf(chain, roots.slot)',
    ],
    ['the zero root means unknown', 'root === ZERO_ROOT ? undefined : root', 'root'],
    ['v2 before Fulu keeps the old root', 'endpointVersion === 2 && target >=', 'endpointVersion === 2 || target >='],
    [
      'into the next epoch the old current root becomes the previous one',
      'differ(last.currentDutyDependentRoot, head.previousDutyDependentRoot)',
      'differ(last.previousDutyDependentRoot, head.previousDutyDependentRoot)',
    ],
  ),
  ...within(
    'machines/rules/root-disputes.ts',
    ['a pair is refetched once a slot', 'pair.lastSlot >= slot', 'pair.lastSlot > slot'],
    ['a root that was right before is not settled', 'received === this.confirmed ? this : ', ''],
  ),
  ...within(
    'machines/rules/duty-plan.ts',
    [
      'a new full fetch overtakes a delta',
      "fetch.mode === 'delta' && mode === 'full'",
      "fetch.mode === 'full' && mode === 'full'",
    ],
    ['what waits starts anew at the tick', 'return isFreshStart(occasion) || (occasion', 'return (occasion'],
    [
      'what is being answered goes on',
      'if (!fetch.waiting) return false;\n  return isFreshStart',
      'return isFreshStart',
    ],
    [
      'who came during the wait is asked for',
      "(occasion === 'validators-changed' && difference(asked, fetch.asked).length > 0)",
      'false',
    ],
    ['the current need comes before its retry cause', "if (planned.status === 'stale') return 'reorg';", ''],
    ['proposers by v2 from Fulu on', 'target >= view.chain.forkEpochs.fulu', 'target > view.chain.forkEpochs.fulu'],
    [
      'tables older than the previous epoch are pruned',
      'role.targetOf(chain, slot) - 1;',
      'role.targetOf(chain, slot) - 2;',
    ],
    [
      'a fetch for the right root goes on',
      "if (fetch?.mode === 'full' && fetch.requiredRoot === required) continue;",
      '',
    ],
    ['a head proves a table right again', "...(wasStale && { status: 'ready', fetch: undefined }),", ''],
    ['the slot of the re-org is remembered', 'reorgSlot: view.slot,\n      disputes', 'disputes'],
    ['a delta counts only under the root of its table', 'answer.dependentRoot !== before.dependentRoot', 'false'],
    [
      'an answer that was asked before the root was known is asked once more',
      'mayRefetch && (fetch.requiredRoot !== required || before === undefined)',
      'false',
    ],
    ['a node that contradicts itself is reported', 'inconsistent: !same', 'inconsistent: false'],
    ['who left is not brought back by a late answer', 'difference(table.asked, registry.activeMembers)', '[]'],
    [
      'a table is not complete that lacks a validator',
      'completeFor: complete ? eligible : undefined',
      'completeFor: eligible',
    ],
    ['a table needed now is more urgent than one ahead', "need.urgency === 'now' && status(need)", 'status(need)'],
    ['a stale table is the most urgent', "return 'refetching-after-reorg';", "return 'fetching-next';"],
  ),
  ...within(
    'machines/rules/late-policy.ts',
    ['the deadline slot itself is too late', 'slot >= deadlineSlot', 'slot > deadlineSlot'],
    ['the record includes its first slot', 'dutySlot >= recordFromSlot', 'dutySlot > recordFromSlot'],
    ['the slot of the event is not before it', 'dutySlot < eventSlot', 'dutySlot <= eventSlot'],
    [
      'a participation delay counts whole epochs',
      'epochOf(chain, dutySlot) < firstEpoch',
      'epochOf(chain, dutySlot) <= firstEpoch',
    ],
  ),
  ...within(
    'machines/rules/at-most-once.ts',
    ['one attestation per target epoch', 'last.epoch >= epoch', 'last.epoch > epoch'],
    ['never twice', "if (this.#others.get(slot)?.get(kind)?.has(validator)) return 'already-claimed';", ''],
    ['a claim that is given back is free', 'attestation.slot !== slot', 'attestation.slot === slot'],
  ),
  ...within(
    'machines/rules/registry.ts',
    [
      'who activates in the target epoch is asked for',
      'return record.activationEpoch <= targetEpoch;',
      'return record.activationEpoch < targetEpoch;',
    ],
    ['who is liquidated is not asked for', 'record === undefined || liquidated', 'record === undefined'],
    ['who exited a period ago still serves', 'record.exitEpoch) <= 1', 'record.exitEpoch) < 1'],
  ),
  ...within('machines/rules/duty-table.ts', [
    'a duplicate is one duty',
    'if (!hasSameKey(source, span.role, kept, count, row)) kept',
    'kept',
  ]),
  ...within(
    'machines/rules/table-diff.ts',
    ['a moved duty is told', 'if (this.#slotsA?.[rowA] !== this.#slotsB?.[rowB]) return false;', ''],
    ['a duty with other fields is told', 'if (a[rowA] !== b[rowB]) return false;', ''],
  ),
  ...within(
    'machines/rules/duty-points.ts',
    ['everything but attestations ends with its slot', 'return slot + 1;', 'return slot + 2;'],
    ['Gloas has its own due points', 'epochOf(chain, slot) >= chain', 'epochOf(chain, slot) > chain'],
  ),
  ...within(
    'machines/rules/subscriptions.ts',
    ['until the end of the period of the table', 'firstEpochOf(chain, target + 1)', 'firstEpochOf(chain, target + 2)'],
    ['nothing is subscribed for slots that are over', '&& row >= first', ''],
  ),
  ...within(
    'machines/roles/attester.ts',
    ['the next epoch from its middle on', '>= chain.slotsPerEpoch / 2', '> chain.slotsPerEpoch / 2'],
    [
      'late duties need the table of the last epoch',
      '<= lastSlotOf(chain, epoch - 1)',
      '< startSlotOf(chain, epoch - 1)',
    ],
  ),
  ...within(
    'machines/duty-role/decisions.ts',
    ['a slot is ticked once', 'slot < previous || (slot === previous && context.ticked)', 'slot < previous'],
    ['an optimistic head is nothing to vote for', '!concerns || executionOptimistic', '!concerns'],
    ['a head triggers its own slot only', 'execution.slot === slot && !execution', '!execution'],
    [
      'a head before our tick counts',
      'slot <= slotAt(chain, clock.now()) + chain.slotsPerEpoch',
      'slot <= context.slot',
    ],
    ['the next committee is distrusted after a re-org', 'observeCurrentRoot(head), ', ''],
    [
      'what a head says of the tables comes before its trigger',
      'observeRoots(head), observeCurrentRoot(head), triggerBy(event)',
      'triggerBy(event), observeRoots(head), observeCurrentRoot(head)',
    ],
  ),
  ...within(
    'machines/duty-role/fetch-steps.ts',
    [
      'an answer of an older request is dropped',
      'if (fetch?.generation !== generation) return decided(context);\n    const adoption',
      'const adoption',
    ],
    [
      'a request that is superseded is ended',
      "const stop: RoleCommand = { do: 'stop-fetch', id: fetchId(target) };\n  if (waiting) return [stop];",
      "if (waiting) return [];\n  const stop: RoleCommand = { do: 'report', report: { type: 'duties-fetch-cancelled', ...tableName(role, target), cause } };",
    ],
    ['batches of a table that proved wrong hold back', '...stale.map(({ target }) => holdTable(target)),', ''],
    [
      'only the difference is subscribed after a swap',
      'news.length === 0 ? decided : subscribeTable(after, cause, news)',
      'subscribeTable(after, cause)',
    ],
  ),
  ...within(
    'machines/duty-role/execution-steps.ts',
    [
      'a proposal added in the slot of the re-org is not started',
      'slot > reorgSlot) return due',
      'slot >= reorgSlot) return due',
    ],
    ['a proposal added for a later slot runs', 'slot > reorgSlot) return due', 'false) return due'],
    [
      'a duty has one batch',
      'due.run.filter((duty) => !carried.has(duty.validatorIndex));\n    const skipped',
      'due.run;\n    const skipped',
    ],
    ['missed slots are armed after a pause', 'previousSlot < slot - 1', 'previousSlot < slot - 2'],
  ),
  ...within(
    'machines/duty-role.machine.ts',
    ['a batch that is done is reaped', "guard: 'isOfExecution', actions: reap", "guard: 'isOfExecution'"],
    ['a batch that crashed is reaped', 'actions: [reportCrash, reap]', 'actions: [reportCrash]'],
    [
      'a role starts in the middle of a slot',
      "entry: [subscribeNodes, raise(({ context }) => ({ type: 'TICK', slot: context.slot }))],",
      'entry: subscribeNodes,',
    ],
  ),
  ...within(
    'machines/table-fetch.machine.ts',
    ['"not yet" waits for the tick', 'notYet: status === 400', 'notYet: false'],
    ['failures are counted on', '(failure?.failures ?? order.failures) + 1', '1'],
    ['a request that hangs is given up', 'const TIMEOUT_SLOTS = 4;', 'const TIMEOUT_SLOTS = 400;'],
  ),
  ...within(
    'machines/duty-execution.machine.ts',
    [
      'nothing executes while it is held back',
      "{ guard: 'isHeldBack', target: 'held' },\n        {\n          guard: 'needsData'",
      "{\n          guard: 'needsData'",
    ],
    [
      'what waited for its data may be held back then',
      "{ guard: 'isHeldBack', target: 'held' },\n        { guard: 'wouldOvertake', target: 'awaiting-older' },",
      "{ guard: 'wouldOvertake', target: 'awaiting-older' },",
    ],
    [
      'a late attestation lets an older one go first',
      "{ guard: 'wouldOvertake', target: 'awaiting-older' },\n        { target: 'executing' },",
      "{ target: 'executing' },",
    ],
    [
      'a batch without duties is not handed over',
      "due: {\n      description: 'The instant of the hand-over has come.',\n      always: [\n        { guard: 'nothingLeft', target: 'done' },",
      "due: {\n      description: 'The instant of the hand-over has come.',\n      always: [",
    ],
    [
      'who joins a batch that is held back is deferred too',
      "{ type: 'report', params: ({ context, event }) => ({ reports: joinedLines(context, event) }) },",
      '',
    ],
    ['data must vote for the head that triggered', "context.dataIsFinal || context.trigger !== 'head' || ", 'true || '],
    [
      'the start by which it is too late is too late',
      'context.clock.now() >= context.startBy',
      'context.clock.now() > context.startBy',
    ],
    [
      'executions of duties that are gone are cancelled',
      "{ type: 'cancelVanished', params: ({ event }) => ({ update: event }) },",
      '',
    ],
    ['the deadline ends the signals', "untilDeadline: { actions: 'expire' },", ''],
    [
      'an executor that never comes back is given up',
      'context.deadline + context.chain.slotDurationMs -',
      'context.deadline + 1e9 -',
    ],
    [
      'a batch held before its due point is in time',
      'context.clock.now() < context.dueAt ? context.trigger',
      'false ? context.trigger',
    ],
  ),
  ...within('machines/beacon-node/node-health.ts', [
    'a distance of four slots is tolerated',
    'status.syncDistance > TOLERATED',
    'status.syncDistance >= TOLERATED',
  ]),
  ...within(
    'machines/beacon-node.machine.ts',
    [
      'roots are checked in the last slot of an epoch',
      'chain.slotsPerEpoch - 1].includes',
      'chain.slotsPerEpoch].includes',
    ],
    ['a silent stream is opened again', "target: 'streaming',\n              reenter: true,", ''],
  ),
  ...within(
    'machines/scheduler.machine.ts',
    ['a role that crashed is restarted', "after: { restartPause: 'running' },", ''],
    ['a crash concerns its own role', 'guard: ({ event }) => event.role === role,', ''],
    [
      'a role that is away hears nothing',
      "actions: [\n                { type: 'noteCrash', params: { role } },\n                { type: 'diagnose', params: ({ event }) => ({ diagnostics: [crashNote(role, event.error)] }) },\n              ],\n            },\n          },\n          on:",
      'actions: [],\n            },\n          },\n          on:',
    ],
    ['slots that were skipped are told', 'slot > last + 1 ?', 'slot > last + 2 ?'],
  ),
  ...within(
    'machines/validators.machine.ts',
    ['unknown names are asked for in every slot', '...registry.unknownIds.filter((id) => !asked.has(id))', ''],
    ['a look-up that failed is sent again', 'new Set([...context.asked, ...context.pending])', 'context.pending'],
  ),
  ...within('machines/subscription.machine.ts', [
    'what was sent is not sent again',
    'queue: ({ context }) => context.queue.slice(1), failures: 0',
    'failures: 0',
  ]),
  ...within(
    'services/actors/hand-over.ts',
    [
      'the claim stands before the executor is called',
      'for (const validator of claims.claim(wanted)) granted.add(validator);',
      'for (const validator of wanted.validators) granted.add(validator);\n  queueMicrotask(() => claims.claim(wanted));',
    ],
    ['a cancelled duty hears of it', "signals.abort(command.validators, 'cancelled');", ''],
    ['a cancelled duty has no outcome', 'if (cancelled.has(validator)) continue;', ''],
    ['the stop ends every signal', "return () => signals.abort(granted, 'stopped');", ''],
    ['what an executor left behind is not called off', 'signals.end();', ''],
    ['a claim is given back where nothing was signed', 'input.claims.release(released);', ''],
  ),
  ...within(
    'services/actors/duty-signals.ts',
    ['who looks too late finds the signal fired', 'if (reason !== undefined) controller.abort(reason);', ''],
    ['a signal fires once, with its first reason', 'if (this.#aborted.has(validator)) continue;', ''],
  ),
  ...within('services/actors/node-actors.ts', [
    'an optimistic head is nothing to sign over',
    'if (head.executionOptimistic) throw',
    'if (false) throw',
  ]),
  ...within(
    'services/actors/asking.ts',
    ['leaving a stream closes it', 'return () => life.abort();', ''],
    ['leaving a request ends it', 'requests.get(self)?.abort();', ''],
  ),
  ...within(
    'services/entrance/live-entrance.ts',
    ['what comes in during a turn waits for its end', 'if (this.#turn !== undefined) {', 'if (false) {'],
    ['time stands still during a turn', 'now: () => this.#turn ?? world.now()', 'now: () => world.now()'],
    ['a timer set late in a turn does not ring late', 'Math.max(0, delayMs - late)', 'delayMs'],
  ),
  ...within(
    'services/slot-clock.ts',
    ['a slot is ticked once, and never backwards', 'if (slot > last && !signal', 'if (slot !== last && !signal'],
    ['a stopped clock sets no timer', '() => clock.clearTimeout(timer)', '() => undefined'],
    ['the tick is computed from genesis', 'slotStartMs(chain, last + 1) - now', 'chain.slotDurationMs'],
  ),
  ...within(
    'services/ssv-contract/list-pieces.ts',
    [
      'a quote after a backslash ends no text',
      'const isEscaped = (end - before) % 2 === 1;',
      'const isEscaped = false;',
    ],
    ['a backslash at the end of a chunk counts', 'this.#escaping = isEscaped;', 'this.#escaping = false;'],
    ['two backslashes escape nothing', '(end - before) % 2 === 1', 'before < end'],
    ['a piece is not smaller than asked for', '&& at >= enough', ''],
    ['an inner list does not end the list', 'if (this.#depth === 0) return at;', 'return at;'],
    ['what stands behind a list is kept', 'from = this.#isOver ? end : end + 1;', 'from = end + 1;'],
  ),
  ...within(
    'services/ssv-contract/large-answers.ts',
    ['a list ends with no comma', 'items.length === 0 &&', 'items.length < 0 &&'],
    ['a large answer is read in turns', 'await setImmediate();', ''],
    ['what stands around a list counts', 'resultOf(this.method, { ...answer, result: this.#result })', 'this.#result'],
    ['a list that is cut off is refused', 'if (!this.pieces.isOver) throw this.#broken();', ''],
  ),
  ...within('services/beacon-node/response-text.ts', [
    'a body has a limit',
    'if (size > maxBytes) throw new BodyTooLargeError(maxBytes);',
    '',
  ]),
  ...within(
    'services/ssv-contract/contract-events.ts',
    [
      'a length is checked against what is left',
      'length > (byteLength(data) - start) / itemBytes',
      'length > byteLength(data)',
    ],
    ['operator ids are put in order', 'operatorIds.sort((a, b) => a - b);', ''],
    ["an owner's topic has no more than an address in it", '0x0{24}[0-9a-f]{40}', '0x.{24}[0-9a-f]{40}'],
    ['a log is not kept alive by what is read from it', '`0x${detached(digits)}`', '`0x${digits.toLowerCase()}`'],
  ),
  ...within(
    'services/ssv-contract/contract-registry.ts',
    ['a key of another owner is not touched', "if (this.#ownerOf(validator) !== owner) return 'other-owner';", ''],
    ['a change is undone the newest first', 'undo ?? []).reverse()', 'undo ?? [])'],
    ['a reactivation has its slot', 'liquidated ? cluster.reactivatedSlot : slot', 'cluster.reactivatedSlot'],
    [
      'the members of a cluster that is undone are told',
      'for (const id of clusters.keys()) this.#state.members(id).forEach(remember);',
      '',
    ],
    ['a settled point leads nowhere', 'this.#points[0] = { number, hash, undo: undefined };', ''],
    ['what an undo changed is stored', '      this.unsaved.changed(undo);\n    }', '    }'],
    ['a dropped point leaves the store', 'this.unsaved.pointsChanged(undone);', ''],
    ['liquidated once is told once', 'if (cluster.liquidated === liquidated) return undefined;', ''],
  ),
  ...within(
    'services/ssv-contract/registry-state.ts',
    [
      'an undo remembers the first state',
      'undo !== undefined && !undo.validators.has(publicKey)',
      'undo !== undefined',
    ],
    ['who leaves is no member', 'members?.delete(publicKey);', ''],
    ['committees are shared', 'return known ?? operatorIds;', 'return operatorIds;'],
  ),
  ...within(
    'services/ssv-contract/source-events.ts',
    ['neighbours of another slot stay apart', '&& last.eventSlot === eventSlot', ''],
    [
      'a validator brought back is not new',
      '{ eventSlot: 0, ...registrationOf(membership) }',
      'registrationOf(membership)',
    ],
    ['the later of addition and reactivation counts', 'Math.max(addedSlot', 'Math.min(addedSlot'],
  ),
  ...within(
    'services/ssv-contract/contract-store.ts',
    ['what could not be written is written the next time', 'registry.unsaved.giveBack(names);', ''],
    ['counts are compared', 'found[kind] !== head[kind]', 'found[kind] < head[kind]'],
    ['without a head nothing counts', 'await state.clear(rangeOf(PREFIX));', ''],
    ['another contract is refused', 'requireSameContract(dataDir, head, identity);', ''],
  ),
  ...within(
    'services/ssv-contract/store-records.ts',
    ['a checksum covers the key', 'crc32(text, crc32(key))', 'crc32(text)'],
    ['what is no seal is damage', 'if (value.slice(0, SEAL_LENGTH) !== sealOf(key, text)) return undefined;', ''],
  ),
  ...within(
    'services/ssv-contract/common-block.ts',
    ['a head that has reached no stored block says nothing', "return 'behind'", "return 'none'"],
    ['a block is known by its hash', 'block.hash === point.hash', 'block.number === point.number'],
    ['above a common block there may be another', 'low = place + 1;', 'low = high;'],
    ['below a block that is gone there may be a common one', '      high = place;\n', '      high = low;\n'],
    ["a stored block at the head's number is reached", 'number <= head.number', 'number < head.number'],
    [
      'a block that went meanwhile proves nothing',
      "block === undefined) return 'moved'",
      "block === undefined) return 'none'",
    ],
  ),
  ...within(
    'services/ssv-contract/contract-ledger.ts',
    ['a range is stored', '    await store?.save();\n    return { events: told', '    return { events: told'],
    ['refusals are in order', 'refusals: refusals.sort(byPosition)', 'refusals'],
    ['others come in between', '        await setImmediate();\n', ''],
  ),
];
