/** What is known of an option: by which key it goes, whatever its spelling, and whether it takes a value. */
export interface KnownOption {
  readonly key: string;
  readonly takesValue: boolean;
}

/** Options by how they are written, dashes included. */
export type OptionTable = (spelling: string) => KnownOption | undefined;

const value = (key: string): KnownOption => ({ key, takesValue: true });
const flag = (key: string): KnownOption => ({ key, takesValue: false });

/** Options that are read here, those that workers are given as well among them. */
const OWN: Readonly<Record<string, KnownOption>> = {
  '--prefix': value('prefix'),
  '--suffix': value('suffix'),
  '--range-prefix': value('rangePrefix'),
  '--hostname': value('hostname'),
  '-n': value('hostname'),
  '--cmd': value('cmd'),
  '--append': value('append'),
  '--executable': value('executable'),
  '--pidfile': value('pidfile'),
  '-p': value('pidfile'),
  '--logfile': value('logfile'),
  '-f': value('logfile'),
  '--workdir': value('workdir'),
  '--uid': value('uid'),
  '--gid': value('gid'),
  '--timeout': value('timeout'),
  '--nosplash': flag('nosplash'),
  '--quiet': flag('quiet'),
  '-q': flag('quiet'),
  '--verbose': flag('verbose'),
  '--no-color': flag('noColor'),
  '-C': flag('noColor'),
};

/** The options of multi before those of the program it starts. */
export function withOwnOptions(others: OptionTable = () => undefined): OptionTable {
  return (spelling) => (Object.hasOwn(OWN, spelling) ? OWN[spelling] : others(spelling));
}
