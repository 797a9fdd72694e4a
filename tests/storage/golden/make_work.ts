// Makes the store in ./v1-work, which was made once, with version 1 of the format, and is never made anew.
import { CheckpointStore, FileStore, leaveAsk } from "../../../storage/mod.ts";
import { createPin } from "../../../storage/pins.ts";
import { encodeHolder } from "../../../storage/hold.ts";
import { keepingEpochs, save, value } from "../sample.ts";
import {
  ASKS,
  DESCRIBED,
  ENTRIES,
  HELD,
  LOGGED,
  MIGRATED,
  MORE,
  PINNED_MS,
  PRUNING,
} from "./work.ts";

const root = new URL("v1-work", import.meta.url).pathname;
const files = new FileStore(root);
const open = () => CheckpointStore.open(keepingEpochs(files), { job: "golden" });

const first = await (await open()).begin(DESCRIBED);
await first.recordParent(undefined, { branch: 1 });
await save(first, 0, { main: { number: value(1) } });
const saved = await save(first, 1, { main: { number: value(2) } });
const after = { epoch: 1, attempt: 1, phase: "epoch" } as const;
const log = first.beginLog({ ...LOGGED, after, sources: [] });
await log.append(ENTRIES);
log.close();
await createPin(files, after, () => Promise.resolve("there"), { nowMs: PINNED_MS });

const second = await (await open()).begin(PRUNING);
await second.recordParent(after, { branch: 1, removals: [] });
await second.remove([{ ...after, epoch: 0 }]).catch(() => {});

const third = await (await open()).begin(DESCRIBED);
const removals = await files.list("removals/");
await third.recordParent(saved, { branch: 1, removals });
const more = third.beginLog({ ...LOGGED, after, sources: [log.source], migrated: MIGRATED });
await more.append(MORE);
more.close();
for (const ask of ASKS) await leaveAsk(files, ask);
await Deno.writeFile(`${root}/.hold`, encodeHolder(HELD));
