-- table demo.app.item: item_id INT64, label STRING, plan_id INT64, period STRING
-- table demo.app_staging.item__RUN: _plimsoll_op STRING, item_id INT64, label STRING, plan_id INT64, period STRING
MERGE `demo.app.item` AS T
USING (SELECT * FROM `demo.app_staging.item__RUN` WHERE `_plimsoll_op` <> 'S' QUALIFY ROW_NUMBER() OVER (PARTITION BY `_plimsoll_op`, `item_id`, `label`, `plan_id`, `period`) = 1) AS S
ON T.`item_id` = S.`item_id`
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED THEN UPDATE SET T.`label` = S.`label`, T.`plan_id` = S.`plan_id`, T.`period` = S.`period`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`item_id`, `label`, `plan_id`, `period`) VALUES (S.`item_id`, S.`label`, S.`plan_id`, S.`period`)
WHEN NOT MATCHED BY SOURCE AND (T.`plan_id` IN (SELECT `plan_id` FROM `demo.app_staging.item__RUN` WHERE `_plimsoll_op` = 'S' AND `plan_id` IS NOT NULL)) THEN DELETE
