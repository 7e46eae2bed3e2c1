// Jest's globalSetup of the projects that need RabbitMQ.
import { provide } from './provide.mjs';

export default () => provide('rabbitmq');
