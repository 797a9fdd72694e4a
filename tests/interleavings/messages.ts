/** What simulations of each broken build say: of the promise that it breaks, or of what follows from that. */

const REF = String.raw`\d+@a\d+(?: \(\w+\))?`;
const EFFECT = String.raw`sim:\d+:epoch:\d+:\w+@worker_\d+ \w+`;
const LOG = String.raw`tasks/a\d+\.e\d+(?:\.[a-z]+)?\.\d+\.log`;
const PACK = String.raw`packs/a\d+/e\d+\.worker_\d+\.[0-9a-f]{32}\.pack`;

const ASK = String.raw`asks/[0-9a-f]{32}\.cbor`;

/** An acknowledged save is not behind a newer attempt. */
const LEFT_OUT = `${REF} was acknowledged, and attempt \\d+ left it out`;
/** An effect that was recorded comes again. */
const REPEATED = `${EFFECT} was done, and is done again`;
/** A save of an epoch holds another value than that of a run alone, or a run ends with another. */
const OTHER_VALUE =
  `(?:${REF} holds|\\d+ \\((?:auto|from|take over|fresh)\\) has ended with) another ` +
  `worker_\\d+/chosen`;
const TOO_FEW = `${REF} is removed: only \\d+ of its line are newer`;

/** A message is one of these, whole. */
function oneOf(...messages: readonly string[]): RegExp {
  return new RegExp(`^seed \\d+: (?:${messages.join("|")})$`);
}

/** What packs or manifests say that were not synced. */
const DAMAGED_PACK = `${REF} is damaged: Damaged: "${PACK}" should have .*`;
const DAMAGED_MANIFEST = `${REF} is damaged: Damaged: "epochs/e\\d+\\.a\\d+\\.cbor" should have .*`;
const SAID_DAMAGED =
  `it is said to be damaged: Damaged: "epochs/e\\d+\\.a\\d+\\.cbor" should have .*`;
const NONE_INTACT = String
  .raw`process \d+ \([\w ]+\) failed: No epoch that is saved at \S+ can be gone on from, .*`;
const LOST = `${REF} was acknowledged, and lost in a power cut`;

const LIFE = String.raw`\d+ \((?:auto|from|take over|fresh|prune|repair)\)`;
const NOT_DONE = `${LIFE} has saved twice, and not done ${ASK}, which asks it`;
const HOLD_TAKEN = `${LIFE} has taken the hold of ${LIFE}, alive`;

/** The first line of what is said, by what is wrong with a build. */
export const messages: Readonly<Record<string, RegExp>> = {
  "a save is acknowledged without a look for a newer attempt": oneOf(
    `${REF} was acknowledged to a fenced attempt`,
    REPEATED,
  ),
  "a save is acknowledged before its manifest is linked": oneOf(
    `${REF} was acknowledged before it was committed`,
  ),
  "the thread acknowledges without a look for a newer attempt": oneOf(
    `${REF} was acknowledged to a fenced attempt`,
    REPEATED,
  ),
  "the thread acknowledges before it has linked": oneOf(
    `${REF} was acknowledged before it was committed`,
  ),
  "the thread does not sync what it writes": oneOf(
    ...[DAMAGED_PACK, DAMAGED_MANIFEST, SAID_DAMAGED, NONE_INTACT, LEFT_OUT, REPEATED],
  ),
  "the thread does not sync the folder of a commit": oneOf(LOST, LEFT_OUT, REPEATED),
  "the thread's text looks for a newer attempt before it links": oneOf(
    `${REF} was acknowledged to a fenced attempt`,
    REPEATED,
  ),
  "the thread's text answers before the folder of a commit is synced": oneOf(
    ...[LOST, LEFT_OUT, REPEATED],
  ),
  "the thread's text does not sync packs": oneOf(DAMAGED_PACK, NONE_INTACT, LEFT_OUT),
  "the thread's text puts the sums of blocks where others belong": oneOf(
    ...[DAMAGED_PACK, NONE_INTACT],
  ),
  "the thread's text lets no heart beat": oneOf(HOLD_TAKEN),
  "a start lists what is saved before it creates its attempt": oneOf(LEFT_OUT, REPEATED),
  "a removal does not look for a newer attempt": oneOf(TOO_FEW),
  "a removal that came too late is finished": oneOf(TOO_FEW),
  "packs are removed before the manifests that name them": oneOf(
    `${PACK} is removed, which ${REF} names`,
  ),
  "what one attempt was asked for another does": oneOf(
    TOO_FEW,
    `after a repair there is still ${LOG}`,
  ),
  "an asked repair clears away what others are writing": oneOf(
    String
      .raw`\d+ \((?:auto|fresh|take over|prune|repair|(?:un)?pin)\) does not know what it has saved`,
  ),
  "whoever has taken the job over does not know that it is asked": oneOf(
    NOT_DONE,
  ),
  "what was asked for is not cleared away": oneOf(
    ...[NOT_DONE, `after a repair there is still ${ASK}(?:, ${ASK})*`],
  ),
  "a removal sees no pins": oneOf(`${REF} is removed, and pinned`),
  "retention keeps one epoch less": oneOf(TOO_FEW),
  "a log that is being written when its state is saved is left": oneOf(
    `after a repair there is still ${LOG}(?:, ${LOG})*`,
  ),
  "a resume has a blob of the epoch before": oneOf(OTHER_VALUE),
  "a resume has forgotten where its cursors stood": oneOf(OTHER_VALUE),
  "a step goes on before its result is recorded": oneOf(REPEATED),
  "packs are not synced": oneOf(DAMAGED_PACK, NONE_INTACT, LEFT_OUT, REPEATED),
  "manifests are not synced": oneOf(DAMAGED_MANIFEST, SAID_DAMAGED, LEFT_OUT, REPEATED),
  "the folder of a commit is not synced": oneOf(LOST, LEFT_OUT, REPEATED),
  "an attempt's start is not synced": oneOf(
    `a power cut has left this: Damaged: "attempts/\\d+\\.parent\\.cbor" should have .*`,
  ),
  "what a dead process recorded is gone on from unsynced": oneOf(REPEATED),
  "what steps have done is not synced": oneOf(REPEATED),
};
