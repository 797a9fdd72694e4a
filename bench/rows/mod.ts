/** All rows, by the name that the command line takes. */

import type { Row } from "../row.ts";
import { change } from "./change.ts";
import { commits } from "./commits.ts";
import { grain } from "./grain.ts";
import { history } from "./history.ts";
import { listing } from "./listing.ts";
import { load } from "./load.ts";
import { memory } from "./memory.ts";
import { overhead } from "./overhead.ts";
import { partial } from "./partial.ts";
import { reclaim } from "./reclaim.ts";
import { resume } from "./resume.ts";
import { save } from "./save.ts";
import { stall } from "./stall.ts";
import { steps } from "./steps.ts";
import { untouched } from "./untouched.ts";
import { values } from "./values.ts";

/**
 * The rows, in the order in which they run: small syncs before gigabytes, which a disk goes on to swallow
 * when the row that wrote them has ended.
 */
export const rows: Readonly<Record<string, Row>> = {
  ...{ commits, steps, save, stall, change, untouched, load, resume, partial, listing, memory },
  ...{ values, reclaim, overhead, history, grain },
};
