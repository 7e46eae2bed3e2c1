/**
 * The part of Kubernetes' API that our manifests use, as its reference has it: https://kubernetes.io/docs/reference/kubernetes-api/.
 * Any other field is a mistake, or has to be added here.
 */
export type Shape =
  | 'string'
  | 'integer'
  | 'boolean'
  /** Text values by any key. */
  | 'map'
  /** Everything of one shape. */
  | { readonly each: Shape }
  /** Fields; a name that ends with `?` may be left out. */
  | { readonly fields: Readonly<Record<string, Shape>> };

const list = (each: Shape): Shape => ({ each });
const fields = (shape: Readonly<Record<string, Shape>>): Shape => ({ fields: shape });

const METADATA = fields({ name: 'string', 'namespace?': 'string', 'labels?': 'map', 'annotations?': 'map' });
const SELECTOR = fields({ matchLabels: 'map' });
const PROBE = fields({
  exec: fields({ command: list('string') }),
  'initialDelaySeconds?': 'integer',
  'periodSeconds?': 'integer',
  'timeoutSeconds?': 'integer',
  'failureThreshold?': 'integer',
  'successThreshold?': 'integer',
});
const CONTAINER = fields({
  name: 'string',
  image: 'string',
  'command?': list('string'),
  'args?': list('string'),
  'env?': list(
    fields({
      name: 'string',
      'value?': 'string',
      'valueFrom?': fields({ 'secretKeyRef?': fields({ name: 'string', key: 'string' }) }),
    }),
  ),
  'envFrom?': list(fields({ 'configMapRef?': fields({ name: 'string' }) })),
  'resources?': fields({ 'requests?': 'map', 'limits?': 'map' }),
  'startupProbe?': PROBE,
  'readinessProbe?': PROBE,
  'livenessProbe?': PROBE,
  'securityContext?': fields({
    'allowPrivilegeEscalation?': 'boolean',
    'readOnlyRootFilesystem?': 'boolean',
    'capabilities?': fields({ 'drop?': list('string') }),
  }),
  'volumeMounts?': list(fields({ name: 'string', mountPath: 'string' })),
});
const POD = fields({
  'terminationGracePeriodSeconds?': 'integer',
  'securityContext?': fields({
    'runAsNonRoot?': 'boolean',
    'runAsUser?': 'integer',
    'runAsGroup?': 'integer',
    'fsGroup?': 'integer',
  }),
  containers: list(CONTAINER),
  'volumes?': list(fields({ name: 'string', 'emptyDir?': fields({}) })),
});

const manifest = (rest: Readonly<Record<string, Shape>>): Shape =>
  fields({ apiVersion: 'string', kind: 'string', metadata: METADATA, ...rest });

export const MANIFESTS: Readonly<Record<string, Shape>> = {
  'v1 ConfigMap': manifest({ data: 'map' }),
  'apps/v1 Deployment': manifest({
    spec: fields({
      'replicas?': 'integer',
      selector: SELECTOR,
      'strategy?': fields({
        'type?': 'string',
        'rollingUpdate?': fields({ 'maxSurge?': 'integer', 'maxUnavailable?': 'integer' }),
      }),
      template: fields({ metadata: fields({ labels: 'map' }), spec: POD }),
    }),
  }),
  'policy/v1 PodDisruptionBudget': manifest({
    spec: fields({ 'minAvailable?': 'integer', selector: SELECTOR }),
  }),
};

/** Where a value isn't of a shape. */
export function keysUnlike(value: unknown, shape: Shape | undefined, path = ''): readonly string[] {
  if (shape === undefined) return [`${path} is unknown`];
  if (shape === 'integer') return Number.isInteger(value) ? [] : [`${path} should be integer`];
  if (typeof shape === 'object' && 'each' in shape) {
    if (!Array.isArray(value)) return [`${path} should be a list`];
    return value.flatMap((item, at) => keysUnlike(item, shape.each, below(path, String(at))));
  }
  if (shape !== 'map' && typeof shape === 'string')
    return typeof value === shape ? [] : [`${path} should be ${shape}`];
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return [`${path} should have fields`];
  if (shape === 'map')
    return Object.entries(value).flatMap(([key, one]) => keysUnlike(one, 'string', below(path, key)));
  return fieldsUnlike(value as Readonly<Record<string, unknown>>, shape.fields, path);
}

function fieldsUnlike(
  value: Readonly<Record<string, unknown>>,
  shapes: Readonly<Record<string, Shape>>,
  path: string,
): readonly string[] {
  const missing = Object.keys(shapes).filter((key) => !key.endsWith('?') && !(key in value));
  return [
    ...missing.map((key) => `${below(path, key)} is missing`),
    ...Object.entries(value).flatMap(([key, one]) =>
      keysUnlike(one, shapes[key] ?? shapes[`${key}?`], below(path, key)),
    ),
  ];
}

function below(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}
