import { describe, expect, it } from 'vitest'
import { World } from '../testing/world.ts'
import { inboundRouteOf, isOwnAddress, messagingServiceFor, statusCallbackOf } from './inbound-route.ts'

const number = '+14155550100'
const urls = { sms_url: 'https://number.example/', sms_fallback_url: 'https://number.example/again' }
const ofService = { inbound_request_url: 'https://service.example/', fallback_url: 'https://service.example/again' }

function center({ application = false, service }: { application?: boolean; service?: object | undefined } = {}) {
  const world = new World()
  const sms_application_sid = application
    ? world.do({ type: 'application.create', sms_url: 'https://application.example/', sms_method: 'GET' }).application
        .sid
    : null
  const { sid } = world.do({
    type: 'incoming_phone_number.create',
    phone_number: number,
    ...urls,
    sms_application_sid
  }).incoming_phone_number
  if (service) {
    const { messaging_service } = world.do({ type: 'messaging_service.create', friendly_name: 'Shop', ...service })
    world.do({ type: 'pool.add_phone_number', service_sid: messaging_service.sid, phone_number_sid: sid })
  }
  return world
}

describe('who is asked about a message that came in', () => {
  it.each([
    ['the number', {}, 'https://number.example/', 'PN'],
    ['its application', { application: true }, 'https://application.example/', 'AP'],
    ['its service before both', { application: true, service: ofService }, 'https://service.example/', 'MG'],
    [
      'the number where its service leaves it to that',
      { service: { ...ofService, use_inbound_webhook_on_number: true } },
      'https://number.example/',
      'PN'
    ],
    ['nobody where its service names nobody', { service: {} }, undefined, undefined]
  ])('is %s', (_, options, url, prefix) => {
    const route = inboundRouteOf(center(options).state, '+1 415 555 0100')
    expect([route?.url, route?.receiver_sid.slice(0, 2)]).toEqual([url, prefix])
  })

  it('is the sender of a channel, whatever the letter case of its prefix', () => {
    const world = center()
    expect(inboundRouteOf(world.state, 'whatsapp:+14155550100')).toBeUndefined()
    world.do({ type: 'sender.create', address: 'WhatsApp:+1 415 555 0100', inbound_request_url: 'https://wa.example/' })
    expect(inboundRouteOf(world.state, 'whatsapp:+14155550100')).toMatchObject({
      url: 'https://wa.example/',
      method: 'POST',
      fallback_url: null
    })
  })

  it('is nobody for an address that is not ours', () => {
    const { state } = center()
    expect([isOwnAddress(state, number), isOwnAddress(state, '+15550100')]).toEqual([true, false])
    expect(inboundRouteOf(state, '+15550100')).toBeUndefined()
    expect(messagingServiceFor(center({ service: ofService }).state, number)).toMatch(/^MG/)
    expect(messagingServiceFor(state, number)).toBeNull()
  })
})

it('tells of states to the service, else to the application, else to the sender', () => {
  const world = center({ service: { status_callback: 'https://service.example/status' } })
  const [service] = world.state.tables.messaging_service.all()
  const application = world.do({
    type: 'application.create',
    sms_status_callback: 'https://a.example/sms',
    message_status_callback: 'https://a.example/message'
  }).application.sid
  const told = (message: Parameters<typeof statusCallbackOf>[1]) => statusCallbackOf(world.state, message)?.url
  expect(told({ messaging_service_sid: service?.sid ?? null, application_sid: application })).toBe(
    'https://service.example/status'
  )
  expect(told({ application_sid: application })).toBe('https://a.example/message')
  expect(told({ from: number })).toBeUndefined()
  const [row] = world.state.tables.incoming_phone_number.all()
  world.do({ type: 'incoming_phone_number.update', sid: row?.sid ?? '', sms_application_sid: application })
  expect(told({ from: number })).toBe('https://a.example/message')
  world.do({ type: 'sender.create', address: 'messenger:12', status_callback: 'https://m.example/status' })
  expect(told({ from: 'Messenger:12' })).toBe('https://m.example/status')
})
