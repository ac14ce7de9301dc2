//! `async-openai`: a plain answer, a stream, a tool loop, a structured answer, errors.
//!
//! Like the other clients it is started with two base URLs and prints one JSON line per scenario.

use async_openai::{Client, config::OpenAIConfig, error::OpenAIError, types::chat::*};
use futures::StreamExt;
use serde_json::{Value, json};

const MODEL: &str = "claude-sonnet-4-6";

type Outcome = Result<Value, OpenAIError>;

fn client(url: &str, key: &str) -> Client<OpenAIConfig> {
    Client::with_config(OpenAIConfig::new().with_api_base(url).with_api_key(key))
}

/// Read a request from the JSON that OpenAI documents: its types are the library's.
fn request(fields: Value) -> Result<CreateChatCompletionRequest, OpenAIError> {
    serde_json::from_value(fields).map_err(|error| OpenAIError::InvalidArgument(error.to_string()))
}

fn ask(text: &str) -> Value {
    json!({"model": MODEL, "messages": [{"role": "user", "content": text}]})
}

fn answer(choice: &Value) -> Value {
    let calls: Vec<Value> = choice["message"]["tool_calls"].as_array().into_iter().flatten().map(|call| {
        let arguments = call["function"]["arguments"].as_str().unwrap_or("");
        let arguments: Value = serde_json::from_str(arguments).unwrap_or(json!({"unreadable": arguments}));
        json!({"id": call["id"], "name": call["function"]["name"], "arguments": arguments})
    }).collect();
    json!({"text": choice["message"]["content"], "finish": [choice["finish_reason"]], "calls": calls})
}

async fn first_choice(api: &Client<OpenAIConfig>, fields: Value) -> Outcome {
    let reply = api.chat().create(request(fields)?).await?;
    serde_json::to_value(&reply.choices[0]).map_err(|error| OpenAIError::InvalidArgument(error.to_string()))
}

async fn whole(api: &Client<OpenAIConfig>, fields: Value) -> Outcome {
    Ok(answer(&first_choice(api, fields).await?))
}

async fn streamed(api: &Client<OpenAIConfig>, fields: Value) -> Outcome {
    let mut stream = api.chat().create_stream(request(fields)?).await?;
    let (mut text, mut pieces, mut finish) = (String::new(), 0, Value::Null);
    while let Some(chunk) = stream.next().await {
        for choice in chunk?.choices {
            let piece = choice.delta.content.unwrap_or_default();
            pieces += usize::from(!piece.is_empty());
            text.push_str(&piece);
            if let Some(reason) = choice.finish_reason {
                finish = serde_json::to_value(reason).unwrap_or_default();
            }
        }
    }
    Ok(json!({"text": text, "pieces": pieces, "finish": [finish]}))
}

async fn tool_loop(api: &Client<OpenAIConfig>) -> Outcome {
    let mut fields = ask("What is the weather in Paris? Use get_weather.");
    fields["tools"] = json!([{"type": "function", "function": {
        "name": "get_weather", "description": "The weather.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    }}]);
    let first = first_choice(api, fields.clone()).await?;
    let mut messages = fields["messages"].as_array().cloned().unwrap_or_default();
    messages.push(first["message"].clone());
    for call in first["message"]["tool_calls"].as_array().into_iter().flatten() {
        messages.push(json!({"role": "tool", "tool_call_id": call["id"], "content": "21 degrees"}));
    }
    fields["messages"] = Value::Array(messages);
    let mut result = answer(&first);
    result["then"] = whole(api, fields).await?;
    Ok(result)
}

async fn structured(api: &Client<OpenAIConfig>) -> Outcome {
    let mut fields = ask("Describe the city of Paris.");
    fields["response_format"] = json!({"type": "json_schema", "json_schema": {"name": "city", "strict": true, "schema": {
        "type": "object", "properties": {"name": {"type": "string"}, "population": {"type": "integer"}},
        "required": ["name", "population"], "additionalProperties": false,
    }}});
    let mut result = whole(api, fields).await?;
    result["parsed"] = serde_json::from_str(result["text"].as_str().unwrap_or("")).unwrap_or_default();
    Ok(result)
}

fn report(scenario: &str, outcome: Outcome) {
    let record = outcome.unwrap_or_else(|error| {
        let code = match &error {
            OpenAIError::ApiError(refused) => json!(refused.api_error.code),
            _ => Value::Null,
        };
        json!({"error": {"message": error.to_string(), "code": code, "status": null}})
    });
    let record = record.to_string();
    // The scenario's name comes first, so that a reader finds the records among other output.
    println!("{{\"scenario\": {}, {}", json!(scenario), &record[1..]);
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let urls: Vec<String> = std::env::args().skip(1).collect();
    let (open, locked) = (client(&urls[0], "any key"), client(&urls[1], "a wrong key"));
    report("plain", whole(&open, ask("Say hello.")).await);
    report("streamed", streamed(&open, ask("Tell me about the sea in a few words.")).await);
    report("tool call and its result", tool_loop(&open).await);
    report("structured output", structured(&open).await);
    report("wrong key", whole(&locked, ask("Say hello.")).await);
    let failing = ask("Tell me about the sea. [[simulate: pace=50 error_after=8]]");
    report("error in a stream", streamed(&open, failing).await);
}
