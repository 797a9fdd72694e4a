/**
 * The flags of a job file's command line.
 *
 * @module
 */

/** Flags without a value. */
export const SWITCHES = [
  ...["--help", "--version", "--fresh", "--full", "--json", "--quiet"] as const,
  ...["--faults", "--take-over", "--allow-change", "--resume", "--dry-run", "--all"] as const,
  "--side-lines",
] as const;
/** Flags with one. */
export const VALUES = [
  ...["--from", "--as", "--of", "--to", "--param", "--seed", "--stop-after", "--grace"] as const,
  ...["--kills", "--flags", "--limit", "--wait", "--migrated"] as const,
] as const;
/** Short forms. */
export const SHORT: Readonly<Record<string, string>> = {
  "-h": "--help",
  "-V": "--version",
  "-q": "--quiet",
};

/** A value for each, as messages show it. */
export const EXAMPLES: Readonly<Record<(typeof VALUES)[number], string>> = {
  "--from": "--from 4",
  "--as": "--as warmer",
  "--of": "--of warmer",
  "--to": "--to file:checkpoints",
  "--param": "--param rate=0.1",
  "--seed": "--seed 1",
  "--stop-after": "--stop-after 55m",
  "--grace": "--grace 30s",
  "--kills": "--kills 50",
  "--limit": "--limit 10m",
  "--wait": "--wait 30s",
  "--migrated": "--migrated split (or none)",
  "--flags": '--flags="--allow-net --allow-read=data"',
};
