/**
 * Finds the saved epoch that a user means.
 *
 * @module
 */
import { type CheckpointStore, type History, type ManifestRef } from "../../storage/mod.ts";
import { EpochNotFoundError, NothingToResumeError } from "../errors.ts";
import type { Target } from "../run/start.ts";
import { type EpochRef, parseEpoch } from "./epoch_ref.ts";
