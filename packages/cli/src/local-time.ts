/** `2018-12-30 02:51:04`, in the time zone of this machine. */
export function localTime(timeMs: number): string {
  const time = new Date(timeMs);
  const day = [time.getFullYear(), time.getMonth() + 1, time.getDate()].map(twoDigits).join('-');
  return `${day} ${[time.getHours(), time.getMinutes(), time.getSeconds()].map(twoDigits).join(':')}`;
}

function twoDigits(part: number): string {
  return String(part).padStart(2, '0');
}
