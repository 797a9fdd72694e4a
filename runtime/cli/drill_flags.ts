/**
 * The flags of the processes of a drill.
 *
 * @module
 */

const NAMES = ["read", "write", "net", "env", "sys", "run", "ffi", "import"] as const;

/** Permissions by name: what is permitted of each, where that is not all. */
export type Permitted = ReadonlyMap<string, string | undefined>;

/** What this process may do in whole, and reading and writing a folder: parts are not to be known. */
export function ownPermissions(folder: string): Permitted {
  const whole = NAMES.filter((name) => Deno.permissions.querySync({ name }).state === "granted");
  return new Map<string, string | undefined>([
    ["read", folder],
    ["write", folder],
    ...whole.map((name) => [name, undefined] as const),
  ]);
}

/** Short forms of flags of `deno run`, which may be written as one: `-RW`. */
const SHORT: Readonly<Record<string, string>> = {
  ...{ R: "--allow-read", W: "--allow-write", N: "--allow-net", E: "--allow-env" },
  ...{ S: "--allow-sys", I: "--allow-import", A: "--allow-all", P: "--permission-set" },
};

/**
 * Adds permissions to flags of `deno run`. For Deno a flag with a list takes away from the same without one,
 * and stands beside no `--allow-all`: so each is there once, and with all that is in either.
 */
export function addPermissions(given: readonly string[], own: Permitted): readonly string[] {
  const flags = given.flatMap(longForms);
  if (flags.some((flag) => /^--(allow-all|permission-set)\b/.test(flag))) return given;
  const lists = new Map<string, string[]>();
  const others = flags.filter((flag) => {
    const [, name = "", list] = /^--allow-([a-z]+)(?:=(.*))?$/.exec(flag) ?? [];
    if (!own.has(name)) return true;
    lists.set(name, [...lists.get(name) ?? [], ...list === undefined ? [] : [list]]);
    return false;
  });
  const permissions = [...own].map(([name, part]) => {
    const list = lists.get(name);
    const isWhole = part === undefined || list?.length === 0;
    return isWhole ? `--allow-${name}` : `--allow-${name}=${[...list ?? [], part].join()}`;
  });
  return [...others, ...permissions];
}

/** The flags that a flag stands for; of short ones only the last has a value. */
function longForms(flag: string): readonly string[] {
  const [, letters, value = ""] = /^-([A-Za-z]+)(=.*)?$/.exec(flag) ?? [];
  if (letters === undefined) return [flag];
  return [...letters].map((letter, index) =>
    `${SHORT[letter] ?? `-${letter}`}${index === letters.length - 1 ? value : ""}`
  );
}
