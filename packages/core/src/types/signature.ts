/** A signature on the wire: Celery's dictionary. Spec: canvas.md 1. */
export interface SignatureData {
  readonly task: string;
  readonly args?: readonly unknown[];
  readonly kwargs?: Readonly<Record<string, unknown>>;
  readonly options?: Readonly<Record<string, unknown>>;
  readonly subtask_type?: 'chain' | 'group' | 'chord' | null;
  readonly immutable?: boolean;
}
