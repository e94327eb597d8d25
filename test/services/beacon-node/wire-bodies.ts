/** Well-formed answers of a beacon node, to be bent by the tests. */
export const ROOT_A = `0x${'a1'.repeat(32)}`;
export const ROOT_B = `0x${'b2'.repeat(32)}`;
export const PUBKEY = `0x${'c3'.repeat(48)}`;
export const FAR_FUTURE = '18446744073709551615';

export function attesterRow(index: number, slot: number) {
  return {
    pubkey: PUBKEY,
    validator_index: String(index),
    committee_index: '3',
    committee_length: '16',
    committees_at_slot: '4',
    validator_committee_index: '7',
    slot: String(slot),
  };
}

export function attesterAnswer(rows: readonly object[], dependentRoot: unknown = ROOT_A) {
  return { data: rows, execution_optimistic: false, dependent_root: dependentRoot };
}

export function proposerRow(index: number, slot: number) {
  return { pubkey: PUBKEY, validator_index: String(index), slot: String(slot) };
}

export function syncRow(index: number, positions: readonly unknown[]) {
  return { pubkey: PUBKEY, validator_index: String(index), validator_sync_committee_indices: positions };
}

export function validatorRow(index: number, pubkey = PUBKEY, status = 'active_ongoing') {
  return {
    index: String(index),
    balance: '32000000000',
    status,
    validator: { pubkey, activation_epoch: '5', exit_epoch: FAR_FUTURE },
  };
}

export const SPEC_DATA = {
  SLOT_DURATION_MS: '6000',
  SLOTS_PER_EPOCH: '8',
  EPOCHS_PER_SYNC_COMMITTEE_PERIOD: '8',
};

export function headEventData(slot: number) {
  return {
    slot: String(slot),
    block: ROOT_A,
    state: ROOT_B,
    epoch_transition: false,
    previous_duty_dependent_root: ROOT_A,
    current_duty_dependent_root: ROOT_B,
    execution_optimistic: false,
  };
}
