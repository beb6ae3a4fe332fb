import { InvalidRequest } from '@ringdown/contract/form'

/** 403: somebody is known, and may not; says which right is missing. */
export function missingRight(right: string, why = ''): InvalidRequest {
  return new InvalidRequest(`Forbidden: the permission ${right} is missing${why}`, null, { status: 403, code: 20403 })
}

/** 401: who calls is not known, or not any more. */
export function unknownCaller(): InvalidRequest {
  return new InvalidRequest('Authenticate', null, { status: 401, code: 20003 })
}
