/** A call that doesn't fit a task's parameters; arrives in Python as a TypeError. */
export class TaskTypeError extends TypeError {
  override readonly name = 'TypeError';
  readonly code = 'TQ_ARGUMENTS';
  readonly excType = 'TypeError';
  readonly excModule = 'builtins';
}
