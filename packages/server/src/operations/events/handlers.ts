import type { PageRequest } from '@ringdown/contract/form'
import { decodeToken } from '@ringdown/contract/paging'
import { notFound } from '@ringdown/engine/core/parameters'
import {
  catalogueDate,
  type StreamSchema,
  type StreamType,
  streamSchemas,
  streamTypeOf,
  streamTypes
} from '@ringdown/engine/event-streams/catalogue'
import { sinkOf } from '@ringdown/engine/event-streams/sink'
import { isOurs, rawSchemaOf } from '../../delivery/cloud-event.ts'
import type { Handlers, Listed } from '../handler.ts'
import { badToken, cut, pageOf, wholePage } from '../listing.ts'

/** Event Streams' operations that do not follow the general rules (reference events 1). */
export const eventsHandlers = {
  'events_v1.ListSink'({ params: { in_use, status }, page }, { state }) {
    const group = { table: state.tables.sink, index: 'account_sid', key: state.account_sid }
    return pageOf(group, page, {
      keep: (sink) =>
        (!status || sink.status === status) &&
        (in_use === undefined || state.tables.subscription.count('sink_sid', sink.sid) > 0 === in_use)
    })
  },

  'events_v1.CreateSinkTest': ({ path }, { answer }) =>
    answer({ type: 'sink.test', ...path }, () => ({ result: 'submitted' })),

  // Sinks are active from the first, so any id will do.
  'events_v1.CreateSinkValidate'({ path }, { state }) {
    sinkOf(state, path.sid)
    return { result: 'valid' }
  },

  'events_v1.ListEventType'({ params: { schema_id }, page }) {
    const types = !schema_id ? streamTypes : streamTypes.filter((type) => type.schema_id === schema_id)
    return placedPage(types.map(representType), page)
  },

  'events_v1.FetchEventType': ({ path: { type } }) => representType(streamTypeOf(type) ?? notFound(`/Types/${type}`)),

  'events_v1.FetchSchema'({ path }) {
    const { id, latest_version } = schemaOf(path.id)
    return { id, latest_version, latest_version_date_created: catalogueDate }
  },

  'events_v1.ListSchemaVersion'({ path, page }) {
    const { id, latest_version } = schemaOf(path.id)
    return placedPage(
      Array.from({ length: latest_version }, (_, index) => representVersion(id, index + 1)),
      page
    )
  },

  'events_v1.FetchSchemaVersion'({ path: { id, schema_version } }) {
    const schema = schemaOf(id)
    if (schema_version < 1 || schema_version > schema.latest_version) {
      return notFound(`/Schemas/${id}/Versions/${schema_version}`)
    }
    return representVersion(id, schema_version)
  }
} satisfies Handlers

function schemaOf(id: string): StreamSchema {
  return streamSchemas.get(id) ?? notFound(`/Schemas/${id}`)
}

function representType({ type, schema_id, description, status }: StreamType) {
  return {
    type,
    schema_id,
    description,
    status,
    documentation_url: null,
    date_created: catalogueDate,
    date_updated: catalogueDate
  }
}

/** What is ours has a name, but no file on the Internet. */
function representVersion(id: string, schema_version: number) {
  return {
    id,
    schema_version,
    date_created: catalogueDate,
    raw: isOurs(id) ? null : rawSchemaOf(id, schema_version)
  }
}

/** A page of what is in no table: a row's key is its place in the catalogue. */
function placedPage<R extends object>(rows: readonly R[], request: PageRequest | null): Listed<R> {
  const { page_size, page_token } = request ?? wholePage
  const cursor = page_token === null ? null : decodeToken(page_token)
  const placed = rows.map((row, place) => ({ row, place }))
  const from = cursor && placeOf(cursor.key)
  const isBack = cursor?.direction === 'before'
  const rest =
    from === null
      ? placed
      : isBack
        ? placed.filter(({ place }) => place < from).reverse()
        : placed.filter(({ place }) => place > from)
  const listed = cut(rest.slice(0, page_size + 1), page_size, cursor, ({ place }) => [place, 'catalogue'])
  return { ...listed, items: listed.items.map(({ row }) => row) }
}

function placeOf([place, name]: readonly (string | number | null)[]): number {
  return typeof place === 'number' && name === 'catalogue' ? place : badToken()
}
