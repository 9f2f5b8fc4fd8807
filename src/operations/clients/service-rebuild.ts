import type { ServiceContainer } from './service-commands.ts'

/**
 * Another image for a service, and another container in the old one's place. While it is replaced, the old container is
 * set aside under the operation's id: whoever takes over finds it there.
 */
export interface ServiceRebuild {
  /** The id that the image's tag stands for now; null when there is no such image. */
  imageId(service: string, image: string): Promise<string | null>
  /** Builds it as the compose file would, moves its tag, and answers its id. Aborting ends the build. */
  build(service: string, image: string, onLine: (line: string) => void, signal: AbortSignal): Promise<string>
  tag(service: string, image: string, imageId: string): Promise<void>
  /** The container that was set aside; null when there is none. */
  setAsideContainer(service: string, operation: string): Promise<ServiceContainer | null>
  /** Frees the service's name: renames its container, and answers to what. */
  setAside(service: string, operation: string): Promise<string>
  /** Makes the service's container anew, like the one that was set aside, of the image that its tag stands for now. */
  create(service: string, operation: string): Promise<void>
  /** Removes the container at the service's name, and not its volumes. None is success. */
  remove(service: string): Promise<void>
  /** Gives the container that was set aside its name again. */
  putBack(service: string, operation: string): Promise<void>
  /** Removes the container that was set aside, and not its volumes. None is success. */
  removeSetAside(service: string, operation: string): Promise<void>
}
